import { InputError, type Warning } from '../input-error.ts';
import type { ForeignKind } from './look-alike.ts';

/** The values of an object that are no CloudTrail records, by kind. */
export class ForeignCounts {
  total = 0;
  readonly #kinds = new Map<string, { kind: ForeignKind; count: number }>();

  add(kind: ForeignKind): void {
    this.total++;
    const entry = this.#kinds.get(kind.errorClass);
    if (entry) entry.count++;
    else this.#kinds.set(kind.errorClass, { kind, count: 1 });
  }

  /** Most frequent first. */
  #byCount() {
    return [...this.#kinds.values()].sort((a, b) => b.count - a.count);
  }

  /** Why an object that holds nothing else is not read. */
  refusal(): InputError {
    const { kind, count } = this.#byCount()[0]!;
    const what = count === 1 ? kind.name : `${count} values, each ${kind.name}`;
    const fix = kind.fix ? `: ${kind.fix}` : '';
    return new InputError(
      kind.errorClass,
      `${what}, no CloudTrail log${fix}`,
      kind.status ?? 'skipped',
    );
  }

  /** What is said of an object that holds records beside them; null when there is nothing to say. */
  warning(): Warning | null {
    const kinds = this.#byCount().filter(({ kind }) => kind.errorClass !== 'control_message');
    if (kinds.length === 0) return null;
    const list = kinds.map(({ kind, count }) => `${count} ${kind.errorClass}`).join(', ');
    return {
      errorClass: 'foreign_values',
      detail: `values that are no CloudTrail records: ${list}`,
    };
  }
}
