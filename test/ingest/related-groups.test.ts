import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { FastReader } from '../../ingest/fast/fast-reader.ts';
import { relatedGroupsOf } from '../../ingest/rules/related-groups.ts';
import type { ListedObject, ObjectReader } from '../../ingest/sources/source.ts';
import { plainReader, readTask, type ReadTask } from '../../ingest/task.ts';
import {
  defaultRelatedGroups,
  relatedEventsFile,
  relatedGroups,
} from '../../reference/related-events.ts';
import type { EventBatch } from '../../store/batch/event-batch.ts';
import { withDatabase } from '../support/database-content.ts';
import { commandLine } from '../support/run-command-line.ts';

test('KEYMETER_RELATED chooses the groups of related events', () => {
  expect(relatedGroupsOf({})).toEqual(defaultRelatedGroups);
  expect(relatedGroupsOf({ KEYMETER_RELATED: 'none' })).toEqual([]);
  expect(relatedGroupsOf({ KEYMETER_RELATED: 'logging, identity' })).toEqual([
    'logging',
    'identity',
  ]);
  const some = { KEYMETER_RELATED: 'logging' };
  expect(relatedGroupsOf(some, ['identity'])).toEqual(['identity']);
  expect(relatedGroupsOf(some, [])).toEqual([]);
  expect(relatedGroupsOf(some, ['none'])).toEqual([]);
  expect(() => relatedGroupsOf({}, ['none', 'logging'])).toThrow('"none"');
  expect(() => relatedGroupsOf({ KEYMETER_RELATED: 'loging' })).toThrow('"loging"');
});

/** Files with each event of every group and KMS events between, and one with a KMS event alone. */
function filesOf(): Buffer[] {
  const records = relatedEventsFile.events.flatMap(({ event_source, event_names }, source) =>
    event_names.flatMap((eventName, name) => [
      {
        eventID: randomUUID(),
        eventTime: `2026-10-05T12:00:${String(source * 5 + name).padStart(2, '0')}Z`,
        eventSource: event_source,
        eventName,
        awsRegion: 'eu-central-1',
        eventType: 'AwsApiCall',
        recipientAccountId: '111111111111',
        userIdentity: { type: 'AWSAccount', accountId: '111111111111' },
      },
      kmsRecord(),
    ]),
  );
  return [records, [kmsRecord()], records].map((Records) => gzipSync(JSON.stringify({ Records })));
}

const listed = {
  source: 'local' as const,
  bucket: '',
  version: '1',
  size_bytes: 1,
  last_modified_at: 0,
};

const kmsRecord = () => ({
  eventID: randomUUID(),
  eventTime: '2026-10-05T12:00:00Z',
  eventSource: 'kms.amazonaws.com',
  eventName: 'Decrypt',
  awsRegion: 'eu-central-1',
  eventType: 'AwsApiCall',
  recipientAccountId: '111111111111',
  userIdentity: { type: 'AWSAccount', accountId: '111111111111' },
});

const choices: (readonly string[])[] = [
  [],
  ['logging'],
  ['identity', 'origin_objects'],
  relatedGroups,
];

/** event_name of each related event, out of the columns of a batch. */
function relatedNames({ related, deltas: [delta] }: EventBatch): string[] {
  const { bytes, offsets } = delta!.tables.actions.columns['event_name'] as {
    bytes: Uint8Array;
    offsets: Uint32Array;
  };
  const positions = (related.columns['action_no'] as { data: Int32Array }).data;
  return Array.from(positions, (at) =>
    Buffer.from(bytes.subarray(offsets[at], offsets[at + 1])).toString(),
  );
}

test.each(choices.map((groups) => ({ groups })))(
  'both readers keep the groups $groups and count the same',
  async ({ groups: related_groups }) => {
    const files = filesOf();
    const objects = files.map((_, i): ListedObject => ({ ...listed, key: `/f${i}.json.gz` }));
    const reader: ObjectReader = {
      readConcurrency: 1,
      read: (object) => Promise.resolve(Buffer.from(files[Number(object.key[2])]!)),
      close: () => undefined,
    };
    const task: ReadTask = {
      reader: { source: 'local' },
      objects,
      content_bytes_max: 1e6,
      related_groups,
    };
    const plain = await readTask(task, reader, plainReader);
    const fast = await readTask(task, reader, new FastReader(related_groups));
    const wanted = relatedEventsFile.events
      .filter(({ group }) => related_groups.includes(group))
      .flatMap(({ event_names }) => event_names);
    for (const batch of [plain, fast]) {
      expect(relatedNames(batch)).toEqual([...wanted, ...wanted]);
    }
    expect(fast.related).toEqual(plain.related);
    expect(fast.deltas[0]!.tables.actions).toEqual(plain.deltas[0]!.tables.actions);
    expect(fast.objects).toEqual(plain.objects);
    const others = relatedEventsFile.events.flatMap(({ event_names }) => event_names).length;
    expect(fast.objects.map((one) => one.non_kms)).toEqual([others, 0, others]);
  },
);

test('the flag goes before the configuration, on the command line', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'keymeter-related-'));
  try {
    filesOf().forEach((bytes, i) => writeFileSync(path.join(directory, `f${i}.json.gz`), bytes));
    const config = path.join(directory, 'config.json');
    writeFileSync(config, '{"relatedEvents": ["logging"]}');
    const kept = async (name: string, ...flags: string[]) => {
      const db = path.join(directory, `${name}.duckdb`);
      const files = [0, 1, 2].map((i) => path.join(directory, `f${i}.json.gz`));
      await commandLine('ingest', ...files, '--db', db, '--workers', '1', ...flags);
      return withDatabase(db, async (engine) => {
        const rows = await engine.rows('SELECT DISTINCT event_source FROM related_events');
        return rows.map((row) => row['event_source']).sort();
      });
    };
    expect(await kept('configured', '--config', config)).toEqual(['cloudtrail.amazonaws.com']);
    expect(await kept('flag', '--config', config, '--related', 'identity')).toEqual([
      'sts.amazonaws.com',
    ]);
    expect(await kept('none', '--related', 'none')).toEqual([]);
    expect(await kept('all')).toEqual(
      [...new Set(relatedEventsFile.events.map((one) => one.event_source))].sort(),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
