import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'imported-material',
  id: 'KMS-04',
  title: 'Imported key material',
  question: 'Was key material imported or deleted, and was the key written with in between?',
  severity: 'medium',
  techniques: [
    { id: 'T1486', name: 'Data Encrypted for Impact' },
    { id: 'T1485', name: 'Data Destruction' },
  ],
  false_positives: ['organisations that bring their own key material as a rule'],
  caveats: [
    'Critical when the key was written with after an import and the material then expires or was deleted: the pattern of ransomware with a key that only the attacker can restore.',
  ],
  sql: new URL('./imported-material.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    writes_hours: z.coerce
      .number()
      .int()
      .min(1)
      .max(720)
      .default(24)
      .describe('hours after an import in which writes count'),
    writes_min: z.coerce
      .number()
      .int()
      .min(1)
      .max(100000)
      .default(20)
      .describe('writes that make it critical, when the material goes'),
  }),
  severityOf: (row, params) => {
    const goes = Number(row['deletions'] ?? 0) > 0 || Number(row['expiring'] ?? 0) > 0;
    return goes && Number(row['writes'] ?? 0) >= params.writes_min ? 'critical' : 'medium';
  },
  finding: (row, params) => {
    const writes = Number(row['writes'] ?? 0);
    return [
      `key material imported ${plural(Number(row['imports'] ?? 0), 'time')}, deleted ${plural(Number(row['deletions'] ?? 0), 'time')}`,
      ...(row['valid_to'] ? [`valid until ${row['valid_to']}`] : []),
      ...(writes > 0
        ? [
            `${plural(writes, 'data key')} generated within ${plural(params.writes_hours, 'hour')} of an import${row['a_bucket'] ? ` for bucket ${row['a_bucket']}${Number(row['buckets']) > 1 ? ` and ${plural(Number(row['buckets']) - 1, 'other')}` : ''}` : ''}`,
          ]
        : []),
    ].join('; ');
  },
});
