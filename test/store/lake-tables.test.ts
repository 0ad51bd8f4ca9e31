import { describe, expect, test } from 'vitest';
import { kmsEventColumns } from '../../store/relations.ts';
import { tableStatements } from '../../store/lake-access.ts';
import { lakeRelations } from '../../store/lake/layout.ts';
import type { Current } from '../../store/lake/manifests.ts';

const files = (day: string) =>
  Object.fromEntries(
    lakeRelations
      .filter(({ daily }) => daily)
      .map(({ name }) => [name, [`settled/${name}/v=${day}-abc/part-00.parquet`]]),
  );
const current: Current = {
  version: 'f00',
  settled_at: '2026-10-06T00:00:00Z',
  days: {
    '2026-10-05': { inputs: 'abc', events: 1, counted: 1, files: files('2026-10-05') },
    '2026-10-04': { inputs: 'abc', events: 1, counted: 1, files: files('2026-10-04') },
  },
  whole: { ingest_objects: ['settled/ingest_objects/v=all-f00/part-00.parquet'] },
};
const names = { catalog: 'lake', schema: 'kms', location: "s3://bucket/it's" };

describe('statements that show a lake to another engine', () => {
  test('Trino: a table over all versions, and a view of those that count', () => {
    const statements = tableStatements('trino', current, names);
    const table = statements.find((sql) =>
      sql.includes('TABLE IF NOT EXISTS lake.kms.stored_kms_events'),
    )!;
    expect(table).toContain("external_location = 's3://bucket/it''s/settled/kms_events'");
    expect(table).toContain("partitioned_by = ARRAY['v']");
    expect(table).toContain('event_time TIMESTAMP');
    expect(table).not.toContain('action_id');
    const view = statements.find((sql) => sql.includes('VIEW lake.kms.kms_events AS'))!;
    expect(view).toContain("WHERE v IN ('2026-10-04-abc', '2026-10-05-abc')");
    expect(view).toContain('coalesce(shared_event_id, event_id) AS action_id');
    for (const { name } of kmsEventColumns) expect(view).toMatch(new RegExp(`\\b${name}\\b`));
    // A relation that was never settled has no folder to read.
    expect(statements.find((sql) => sql.includes('VIEW lake.kms.verified_hours'))).toContain(
      'WHERE false',
    );
  });

  test('Athena: partition projection over the versions that count, and its types', () => {
    const statements = tableStatements('athena', current, {
      ...names,
      location: 's3://bucket/kms',
    });
    const table = statements.find((sql) => sql.includes('kms.stored_kms_events ('))!;
    expect(table).toMatch(/^CREATE EXTERNAL TABLE IF NOT EXISTS/);
    expect(table).toContain('PARTITIONED BY (v string)');
    expect(table).toContain('`event_time` timestamp');
    expect(table).toContain('`record_index` int');
    expect(table).toContain("'projection.enabled' = 'true'");
    expect(table).toContain("'projection.v.type' = 'enum'");
    expect(table).toContain(
      "'storage.location.template' = 's3://bucket/kms/settled/kms_events/v=${v}/'",
    );
    const swap = "SET TBLPROPERTIES ('projection.v.values' = '2026-10-04-abc,2026-10-05-abc')";
    expect(statements).toContain(`ALTER TABLE kms.stored_kms_events ${swap}`);
    for (const sql of statements) expect(sql).not.toMatch(/\bCALL\b|external_location|\bVARCHAR\n/);
  });

  test('a name that is no plain name is refused', () => {
    expect(() => tableStatements('trino', current, { ...names, schema: 'a; DROP' })).toThrow(
      'not a plain name',
    );
  });
});
