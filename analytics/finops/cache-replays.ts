import type { SqlParams } from '../../store/engine.ts';
import type { AnalysisContext } from '../analysis.ts';
import { cacheEntry, CacheReplay, type CacheSetting } from './cache-replay.ts';
import { PeakSecond } from './write-window.ts';

export type CacheScope = 'encryption_sdk' | 'application';

/** The replay of one account, Region, key, principal and scope. */
export interface CacheOutcome {
  account_id: string;
  region: string;
  key_arn: string;
  principal_arn: string;
  scope: CacheScope;
  generate_calls: number;
  decrypt_calls: number;
  /** Decrypts whose message or data key the log cannot tell; never saved. */
  decrypt_calls_unprovable: number;
  peak: number;
  /** One for each setting; a process = session, address and user agent (pessimistic). */
  by_address: { kept: number; peak: number }[];
  /** The same with a session as one process (optimistic). */
  by_session: { kept: number; peak: number }[];
}

/** maxAge and maxMessages of the grid; one million messages stands for no limit. */
export const gridSettings = [60, 300, 900, 3_600].flatMap((max_age_seconds) =>
  [10, 100, 1_000, 1_000_000].map((max_messages) => ({ max_age_seconds, max_messages })),
);

class Group {
  readonly outcome: CacheOutcome;
  readonly #byAddress: CacheReplay;
  readonly #bySession: CacheReplay;
  readonly #peak = new PeakSecond();

  constructor(outcome: CacheOutcome, settings: readonly CacheSetting[], capacity: number) {
    this.outcome = outcome;
    this.#byAddress = new CacheReplay(settings, capacity);
    this.#bySession = new CacheReplay(settings.slice(0, 1), capacity);
  }

  add(second: number, is_encrypt: boolean, context: string | null, session: string, where: string) {
    const entry = cacheEntry(is_encrypt, context);
    this.#peak.add(second);
    if (is_encrypt) this.outcome.generate_calls++;
    else this.outcome.decrypt_calls++;
    if (entry === null) this.outcome.decrypt_calls_unprovable++;
    this.#byAddress.add({ second, entry, is_encrypt, process: where });
    this.#bySession.add({ second, entry, is_encrypt, process: session });
  }

  finish(): CacheOutcome {
    this.outcome.peak = this.#peak.peak;
    this.outcome.by_address = this.#byAddress.finish();
    this.outcome.by_session = this.#bySession.finish();
    return this.outcome;
  }
}

/**
 * Streams the calls in the order of data-key-cache-savings.sql and replays each group in one pass. The
 * first setting is also replayed with a session as one process.
 */
export async function* replayCaches(
  sql: string,
  params: SqlParams,
  caches: { settings: readonly CacheSetting[]; capacity: number },
  context: AnalysisContext,
): AsyncGenerator<CacheOutcome> {
  let open: Group | null = null;
  for await (const chunk of context.engine.stream(sql, params, context)) {
    const texts = chunk.columns as readonly string[][];
    const [accounts, regions, keys, principals, scopes] = texts;
    const [, , , , , seconds, encrypts] = chunk.columns as unknown as [...unknown[][]];
    const [, , , , , , , contexts, sessions, addresses, agents] = texts;
    for (let row = 0; row < chunk.rowCount; row++) {
      const group = open?.outcome;
      if (
        !group ||
        group.principal_arn !== principals![row] ||
        group.key_arn !== keys![row] ||
        group.scope !== scopes![row] ||
        group.region !== regions![row] ||
        group.account_id !== accounts![row]
      ) {
        if (open) yield open.finish();
        open = new Group(
          {
            account_id: accounts![row]!,
            region: regions![row]!,
            key_arn: keys![row]!,
            principal_arn: principals![row]!,
            scope: scopes![row] as CacheScope,
            generate_calls: 0,
            decrypt_calls: 0,
            decrypt_calls_unprovable: 0,
            peak: 0,
            by_address: [],
            by_session: [],
          },
          caches.settings,
          caches.capacity,
        );
      }
      const session = sessions![row]!;
      const where = `${session}\n${addresses![row]}\n${agents![row]}`;
      const encrypt = (encrypts as unknown[])[row] as boolean;
      open!.add((seconds as unknown[])[row] as number, encrypt, contexts![row]!, session, where);
    }
  }
  if (open) yield open.finish();
}
