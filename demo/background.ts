import { type Caller, iamUser, roleSession } from './callers.ts';
import { accounts, regions } from './organisation.ts';
import { otherServiceRecord } from './other-services.ts';
import { steadyFlows } from './background-steady.ts';
import { quietKmsCall } from './background-kms.ts';
import type { Plan } from './plan.ts';
import type { Rng } from './rng.ts';

/**
 * Five-minute stretches a day in which an account is at work in a Region. Between them nothing is
 * logged, as in most small accounts; one place works round the clock.
 */
const stretchesPerDay: Record<string, number> = {
  [`${accounts.prod}/eu-central-1`]: 24,
  [`${accounts.prod}/us-east-1`]: 4,
  [`${accounts.data}/eu-central-1`]: 2,
  [`${accounts.data}/us-east-1`]: 2,
  [`${accounts.sandbox}/us-east-1`]: 2,
};

/**
 * The round-the-clock place is at work in the last five minutes of each hour, so that the files of
 * the last hour carry the next day in their path.
 */
const hourlyStretchFrom = 3300;

const kmsShare = 0.15;
const recordsPerStretch = 33;

/** Ordinary traffic of all accounts: nothing in it is worth a finding or an alarm. */
export function plantBackground(plan: Plan): void {
  for (const account of Object.values(accounts)) {
    for (const region of regions) {
      const rng = plan.rng.fork(`background ${account} ${region}`);
      const people = workforce(account);
      const perDay = stretchesPerDay[`${account}/${region}`] ?? 1;
      for (let day = 0; day < plan.days; day += 1) {
        for (let n = 0; n < perDay; n += 1) {
          const hourly = perDay === 24;
          const hour = hourly ? n : 7 + Math.floor((n * 11) / perDay);
          const from = plan.dayStart(day) + hour * 3600 + (hourly ? hourlyStretchFrom : 0);
          stretch(plan, rng, { account, region, from, busy: busyness(day, hour), people });
        }
      }
    }
  }
  steadyFlows(plan);
}

interface Stretch {
  account: string;
  region: string;
  from: number;
  busy: number;
  people: readonly Caller[];
}

function stretch(plan: Plan, rng: Rng, s: Stretch): void {
  const { account, region } = s;
  // Squaring a uniform number makes a heavy tail: most stretches are small, a few are ten times so.
  const wanted = recordsPerStretch * s.busy * plan.scale * (0.25 + 3 * rng.real() ** 3);
  const count = Math.max(1, Math.round(wanted));
  for (let i = 0; i < count; i += 1) {
    const at = s.from + rng.between(0, 299);
    const isKms = rng.chance(kmsShare);
    if (plan.isReserved(account, region, at)) continue;
    if (isKms) quietKmsCall(plan, rng, { at, account, region });
    else plan.emit(otherServiceRecord(rng, { at, region, recipient: account }, rng.pick(s.people)));
  }
}

/** Office hours and the working week. */
function busyness(day: number, hour: number): number {
  const weekend = day % 7 >= 5;
  const office = hour >= 7 && hour < 18;
  return (weekend ? 0.4 : 1) * (office ? 1.6 : 0.6);
}

function workforce(account: string): Caller[] {
  return [
    roleSession(account, 'ecs-orders-task', 'b1f6d2a4c0e84d6f9a7c1e2d3f4a5b6c'),
    roleSession(account, 'ci-deployer', 'GitHubActions', {
      path: '/ci/',
      userAgent:
        'APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) aws-sdk-go-v2/1.32.5',
    }),
    roleSession(account, 'node-instance', 'i-0a1b2c3d4e5f60718'),
    roleSession(account, 'node-instance', 'i-0f1e2d3c4b5a69788'),
    iamUser(account, 'backup-operator', { userAgent: 'aws-cli/2.22.4 md/prompt#off' }),
  ];
}
