import { memberOf } from '../../core/member-of.ts';
import { z } from 'zod';
import type { QuotaOverride } from '../../core/config.ts';
import { quotasFile, type Quota } from '../../reference/quotas.ts';

/** One quota as Service Quotas gives it, in the CLI's JSON and in the SDK alike. */
const serviceQuota = z.object({
  ServiceCode: z.string().optional(),
  QuotaArn: z.string().optional(),
  QuotaCode: z.string().optional(),
  QuotaName: z.string().optional(),
  Value: z.number().optional(),
  Period: z
    .object({ PeriodValue: z.number().optional(), PeriodUnit: z.string().optional() })
    .nullish(),
});

const quotaList = z.union([
  z.object({ Quotas: z.array(serviceQuota) }).transform((list) => list.Quotas),
  z.array(serviceQuota),
]);

/** Seconds of Service Quotas' PeriodUnit. */
const unit_seconds: Record<string, number> = {
  MICROSECOND: 1e-6,
  MILLISECOND: 1e-3,
  SECOND: 1,
  MINUTE: 60,
  HOUR: 3_600,
  DAY: 86_400,
  WEEK: 604_800,
};

export interface AppliedQuotas {
  overrides: QuotaOverride[];
  /** Quotas of KMS that are no request quotas known here (keys, grants, policy size, ...). */
  others: string[];
}

const byCode = new Map(
  quotasFile.quotas.flatMap((quota) => (quota.code ? [[quota.code, quota] as const] : [])),
);
const byName = new Map(quotasFile.quotas.map((quota) => [nameKey(quota.name), quota]));

/** Names differ in dashes, spaces and case between the guide and the console. */
function nameKey(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
}

function quotaOf(entry: z.output<typeof serviceQuota>): Quota | undefined {
  const known = entry.QuotaCode === undefined ? undefined : byCode.get(entry.QuotaCode);
  if (known) return known;
  const named = entry.QuotaName === undefined ? undefined : byName.get(nameKey(entry.QuotaName));
  // A quota with another published code only has the same name by chance.
  return named && (named.code === null || entry.QuotaCode === undefined) ? named : undefined;
}

/**
 * The request quotas in the answer of `aws service-quotas list-service-quotas --service-code kms`, by
 * code and, where no code is published, by name. Account and Region come from each QuotaArn, else from
 * `place`. Throws ZodError when it is not that answer, RangeError for a value or period that is none.
 */
export function appliedQuotas(
  answer: unknown,
  place: { account_id?: string | undefined; region?: string | undefined },
  read: { as_of: string; source: string },
): AppliedQuotas {
  const overrides: QuotaOverride[] = [];
  const others: string[] = [];
  for (const entry of quotaList.parse(answer)) {
    if (entry.ServiceCode !== undefined && entry.ServiceCode !== 'kms') continue;
    const quota = quotaOf(entry);
    if (!quota || entry.Value === undefined) {
      others.push(entry.QuotaName ?? entry.QuotaCode ?? '(unnamed)');
      continue;
    }
    // arn:aws:servicequotas:REGION:ACCOUNT:kms/CODE
    const [, , , arnRegion, arnAccount] = entry.QuotaArn?.split(':') ?? [];
    const account_id = arnAccount || place.account_id;
    const region = arnRegion || place.region;
    overrides.push({
      ...(account_id ? { account_id } : {}),
      ...(region ? { region } : {}),
      quota_id: quota.id,
      value: entry.Value / periodSeconds(entry, quota),
      as_of: read.as_of,
      source: read.source,
    });
  }
  for (const override of overrides) {
    if (!(override.value > 0)) {
      throw new RangeError(`${override.quota_id} has the value ${override.value}`);
    }
  }
  return { overrides, others };
}

function periodSeconds(entry: z.output<typeof serviceQuota>, quota: Quota): number {
  const { PeriodUnit, PeriodValue } = entry.Period ?? {};
  if (PeriodUnit === undefined) return 1;
  const seconds = (memberOf(unit_seconds, PeriodUnit) ?? Number.NaN) * (PeriodValue ?? 1);
  if (!(seconds > 0)) {
    throw new RangeError(`${quota.id} has the period ${PeriodValue} ${PeriodUnit}`);
  }
  return seconds;
}

/** Fresh values take the place of former ones of the same quota, account and Region. */
export function mergeOverrides(
  former: readonly QuotaOverride[],
  fresh: readonly QuotaOverride[],
): QuotaOverride[] {
  const key = (override: QuotaOverride) =>
    [override.quota_id, override.account_id ?? '', override.region ?? ''].join('|');
  const replaced = new Set(fresh.map(key));
  return [...former.filter((override) => !replaced.has(key(override))), ...fresh];
}
