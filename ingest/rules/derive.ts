import type { DimensionName, Facts } from '../../store/batch/event-batch.ts';
import { ACTIONS, CALLS, CLIENTS, IDENTITIES, KEYS } from '../facts.ts';
import { textField, type JsonObject } from '../records/record.ts';
import { clientOf } from './client.ts';
import { factRecordOf, type FactRecord } from './fact-record.ts';
import { callerOf, callOf, keyFactsOf, type PathFacts } from './kms-event.ts';
import { actionOf } from './related.ts';

/** The columns of each dimension out of its facts. */
const rules: Record<DimensionName, (facts: FactRecord) => object> = {
  calls: ({ record, path }) => callOf(record, path),
  identities: ({ record, path }) => callerOf(record, path),
  clients: ({ record }) => clientOf(record),
  keys: ({ record, path }) => keyFactsOf(record, path),
  actions: ({ record, path }) =>
    actionOf(record, textOf(record, 'eventSource'), textOf(record, 'eventName'), path),
};

const textOf = (record: JsonObject, name: string) => textField(record, name) ?? '';

/** A row of a dimension: what the rules say of these facts, and the facts themselves. */
export function derive(dimension: DimensionName, facts: FactRecord): object {
  return Object.assign(rules[dimension](facts), { facts: factsText(facts) });
}

/** Facts as they are stored: the record with those of the file's path beside its members. */
function factsText({ record, path: { account_id, region } }: FactRecord): string {
  if (account_id === null && region === null) return JSON.stringify(record);
  return JSON.stringify({
    ...record,
    ...(account_id === null ? {} : { '@account': account_id }),
    ...(region === null ? {} : { '@region': region }),
  });
}

/** Facts that were stored; throws SyntaxError when the text is none. */
export function storedFacts(text: string): FactRecord {
  const { '@account': account, '@region': region, ...record } = JSON.parse(text) as JsonObject;
  const path: PathFacts = {
    account_id: typeof account === 'string' ? account : null,
    region: typeof region === 'string' ? region : null,
  };
  return { record, path };
}

/** The facts of a KMS record for each dimension of its row. */
export function eventFacts(record: JsonObject, path: PathFacts): Facts {
  return {
    calls: factsText(factRecordOf(CALLS, record, path)),
    identities: factsText(factRecordOf(IDENTITIES, record, path)),
    clients: factsText(factRecordOf(CLIENTS, record, path)),
    keys: factsText(factRecordOf(KEYS, record, path)),
  };
}

export function relatedFacts(record: JsonObject, path: PathFacts): Facts {
  return { actions: factsText(factRecordOf(ACTIONS, record, path)) };
}
