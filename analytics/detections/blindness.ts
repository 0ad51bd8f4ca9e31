import { z } from 'zod';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'blindness',
  id: 'KMS-12',
  title: 'Blinded trail',
  question: 'Was a trail stopped, deleted, or made blind for KMS?',
  severity: 'high',
  techniques: [{ id: 'T1562.008', name: 'Disable or Modify Cloud Logs' }],
  needs: { related: true },
  false_positives: [
    'trails that leave KMS out to save cost, set up on purpose',
    'a move from one trail to another',
  ],
  caveats: [
    'What happens while no trail logs is not in any file: coverage and verify show the hours.',
  ],
  sql: new URL('./blindness.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
  }),
  finding: (row) =>
    `${row['event_name']}: trail ${row['resource_arn'] ?? '(not in the record)'} was ${row['what']}`,
});
