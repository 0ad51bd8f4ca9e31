import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import coverage from '../../analytics/coverage/coverage.ts';
import deniedAccess from '../../analytics/investigation/denied-access.ts';
import { defaultConfig } from '../../core/config.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { engineOver } from '../../store/open-engine.ts';
import { kmsRecord, logOf, put } from '../support/kms-records.ts';

const networkActivity = {
  eventType: 'AwsVpceEvent',
  eventCategory: 'NetworkActivity',
  vpcEndpointId: 'vpce-1',
};

test('a refusal by an endpoint policy is history, not load, and covers no hour', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-network-'));
  const name = '111122223333_CloudTrail-NetworkActivity_us-east-1_20261005T1205Z_a.json.gz';
  put(
    folder,
    `AWSLogs/111122223333/CloudTrail-NetworkActivity/us-east-1/2026/10/05/${name}`,
    logOf([
      kmsRecord('seen', networkActivity),
      kmsRecord('refused', { ...networkActivity, errorCode: 'VpceAccessDenied' }),
    ]),
  );
  const database = await openDatabase(':memory:');
  const engine = engineOver(database);
  try {
    const summary = await ingest(database, [await openSource(folder)], { workers: 1 });
    expect(summary).toMatchObject({ status: 'done', inserted: 2, non_kms: 0 });
    const counts = await engine.rows(
      `SELECT count(*) AS events, count(*) FILTER (WHERE counted) AS counted FROM kms_events`,
    );
    expect(counts).toEqual([{ events: 2, counted: 0 }]);
    expect(await engine.rows('SELECT * FROM calls_per_second')).toEqual([]);
    const context = { engine, config: defaultConfig };
    const denied = await deniedAccess.execute({}, context);
    expect(denied.rows).toMatchObject([
      { denied_by: 'vpc_endpoint_policy', denied_calls: 0, endpoint_denials: 1 },
    ]);
    expect((await coverage.execute({}, context)).rows).toEqual([]);
  } finally {
    engine.close();
    database.close();
    rmSync(folder, { recursive: true });
  }
});
