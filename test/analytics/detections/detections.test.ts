import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../analytics/detections/detection.ts';
import detections from '../../../analytics/detections/detections.ts';
import { rules } from '../../../analytics/detections/rules.ts';
import { analyses } from '../../../analytics/registry.ts';
import { generateDemoTrail } from '../../../demo/generate.ts';
import type { SituationTruths } from '../../../demo/truth.ts';
import { defaultConfig } from '../../../core/config.ts';
import { event } from '../../support/events.ts';
import { day, findings } from '../../support/findings.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { runAnalysis } from '../../support/run-analysis.ts';
import { withTrail } from '../../support/stored-trail.ts';

async function onDemo(
  cleanOnly: boolean,
  seed = 42,
): Promise<{ rows: Finding[]; truth: SituationTruths }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'keymeter-detections-'));
  try {
    const truth = await generateDemoTrail(directory, { seed, cleanOnly });
    const rows = await withTrail(directory, async (engine) => {
      const result = await detections.execute({}, { engine, config: defaultConfig });
      return result.rows.map((row) => detections.row.strict().parse(row) as Finding);
    });
    return { rows, truth: truth.situations as SituationTruths };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

// docs/detections.md states this count of false alarms.
test.each([42, 1, 7])('rules are silent on 30 days of clean traffic of seed %i', async (seed) => {
  const { rows } = await onDemo(true, seed);
  expect(rows.map((row) => [row.rule_id, row.principal_arn, row.finding])).toEqual([]);
});

describe('the planted attacks', () => {
  test('are found, each by its rule, at its moment', async () => {
    const { rows, truth } = await onDemo(false);
    const at = (rule: string) =>
      rows
        .filter((row) => row.rule === rule)
        .map((row) => row.first_at)
        .sort();
    // The gravest first, the newest of the same severity first; what was not judged at all comes last.
    const seen = rows.filter((row) => row.events > 0);
    expect(rows.slice(0, seen.length)).toEqual(seen);
    const order = ['critical', 'high', 'medium', 'low'];
    const ranks = seen.map(
      (row) => `${order.indexOf(row.severity)} ${9e15 - Date.parse(row.first_at)}`,
    );
    expect(ranks).toEqual([...ranks].sort());
    expect(at('key-destruction')).toEqual([
      truth.deletion_while_in_use.scheduled_at,
      truth.ransomware.material_deleted_at,
    ]);
    expect(at('lock-out-policy')).toEqual(truth.open_policies.changes.map((change) => change.at));
    expect(at('outside-grant')).toEqual(truth.foreign_grants.granted_at);
    expect(at('imported-material')).toEqual([truth.ransomware.imported_at]);
    expect(at('foreign-key-encryption')).toEqual([truth.foreign_key.started_at]);
    expect(at('mass-decrypt')).toContain(truth.mass_decrypt.started_at);
    expect(at('direct-decrypt')).toEqual([truth.direct_secret_decrypt.first_at]);
    expect(at('root-use')).toEqual([truth.root_use.first_at]);
    expect(at('reconnaissance')).toEqual([truth.recon.started_at, truth.denied_spray.started_at]);
    expect(at('replication-and-redirection')).toContain(truth.alias_swap.moved_at);
    expect(at('blindness')).toEqual([
      truth.blinded_trail.kms_excluded_at,
      truth.blinded_trail.stopped_at,
    ]);
    const mass = rows.find((row) => row.first_at === truth.mass_decrypt.started_at)!;
    expect(mass).toMatchObject({
      events: truth.mass_decrypt.decrypts,
      principal_arn: truth.mass_decrypt.principal_arn,
    });
  });
});

test('every rule is an analysis of its own, with id, technique and false positives', async () => {
  const known = await analyses();
  expect(new Set(rules.map((rule) => rule.rule.id)).size).toBe(rules.length);
  for (const rule of rules) {
    expect(known.get(rule.name)).toBe(rule);
    expect(rule.rule.id).toMatch(/^KMS-\d\d$/);
    expect(rule.rule.techniques[0]!.id).toMatch(/^T\d{4}(\.\d{3})?$/);
    expect(rule.rule.false_positives.length).toBeGreaterThan(0);
  }
});

test('rules are chosen by name or id, findings by severity; the note says what was looked at', async () => {
  const events = [
    event({ at: day(1), operation: 'DisableKey' }),
    event({ at: day(2), principal_type: 'Root' }),
  ];
  const names = async (params: object) =>
    (await runAnalysis(detections, events, { ...params })).rows.map((row) => row['rule']);
  expect(await names({})).toEqual(['key-destruction', 'root-use', 'first-use']);
  expect(await names({ rules: 'root-use' })).toEqual(['root-use']);
  expect(await names({ rules: 'KMS-01, KMS-02' })).toEqual(['key-destruction']);
  expect(await names({ severity: 'high' })).toEqual(['key-destruction']);
  await expect(names({ rules: 'nothing' })).rejects.toThrow(/no rule nothing/);
  const { notes } = await runAnalysis(detections, events);
  expect(notes).toContain(
    `13 rules looked at 2 events from ${day(1)} to ${day(2)}: 2 findings of 2 rules.`,
  );
  // 25 hours of log are enough for mass-decrypt (24), and not for first-use (168).
  expect(notes).toContain(
    '1 verdict could not be reached: too little history of the account to compare with. None of them is over an absolute threshold. Not judged is not "nothing found".',
  );
});

test('hostile text in every field is evidence as it is', async () => {
  const rule = rules.find((r) => r.name === 'root-use')!;
  for (const text of hostileTexts) {
    const rows = await findings(rule, [
      event({ principal_type: 'Root', principal_arn: text, caller_source: text, operation: text }),
    ]);
    expect(rows[0]!['principal_arn']).toBe(text);
    expect(rows[0]!['finding']).toBe(
      `root made 1 call (1 operation, such as ${text}) from ${text}`,
    );
  }
});
