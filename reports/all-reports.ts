import type { AnalysisContext } from '../analytics/analysis.ts';
import { capacityReport } from './capacity.ts';
import { finopsReport } from './finops.ts';
import { overviewReport } from './overview.ts';
import type { Report } from './report.ts';
import { securityReport, type SecurityOptions } from './security.ts';

/** Every report by its name on the command line. */
export const reports: Readonly<
  Record<string, (context: AnalysisContext, options?: SecurityOptions) => Promise<Report>>
> = {
  overview: overviewReport,
  finops: finopsReport,
  capacity: capacityReport,
  security: securityReport,
};
