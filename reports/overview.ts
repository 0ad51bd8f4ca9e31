import type { AnalysisContext } from '../analytics/analysis.ts';
import { billHeadline, billSection } from './bill-section.ts';
import type { Report } from './report.ts';
import { ReportBuilder, type ReportOptions } from './report-builder.ts';
import {
  busyKeys,
  busyPrincipals,
  callFigures,
  dailyPeaks,
  nearQuotas,
  throttleBursts,
} from './shared-sections.ts';

/** The first look at a trail: what is in it, what is near its quota, who makes the load, what to save. */
export async function overviewReport(
  context: AnalysisContext,
  options: ReportOptions = {},
): Promise<Report> {
  const builder = await ReportBuilder.open(context, options);
  await callFigures(builder);
  await nearQuotas(builder, 8);
  await throttleBursts(builder, 5);
  await dailyPeaks(builder);
  await busyKeys(builder, 5);
  await busyPrincipals(builder, 5);
  await billHeadline(builder);
  await billSection(builder);
  await savings(builder);
  await cost(builder);
  return builder.finish('overview', 'Overview of KMS use');
}

async function savings(builder: ReportBuilder): Promise<void> {
  const found = await builder.run('findings');
  builder.section({
    title: 'What could be saved',
    question: found.analysis.question,
    findings: found.rows.slice(0, 5).map((row) => String(row['sentence'])),
    tables: [
      found.table(
        'findings',
        'Findings',
        ['rank', ['title', 'cause'], 'resource', 'saved_calls', 'saving_usd_monthly', 'confidence'],
        { rows_max: 8 },
      ),
    ],
  });
}

async function cost(builder: ReportBuilder): Promise<void> {
  const requests = await builder.run('request-cost');
  const [total] = requests.rows;
  if (!total || total['calls_priced'] === 0) return;
  builder.note(...requests.notes);
  builder.section({
    title: 'What the requests cost',
    question: requests.analysis.question,
    tables: [
      requests.table(
        'request-cost',
        'Cost by key',
        [['group_name', 'key'], 'calls_priced', 'cost_usd', 'cost_usd_monthly'],
        { rows_max: 8 },
      ),
    ],
  });
}
