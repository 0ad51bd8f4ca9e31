import { dimensionNames, type DimensionName } from '../../store/batch/event-batch.ts';
import { isObject, objectField, textField, type JsonObject } from '../records/record.ts';
import { clientOf } from '../rules/client.ts';
import { contextOf } from '../rules/context.ts';
import { identityOf } from '../rules/identity.ts';
import { consoleSession, kmsEventOf } from '../rules/kms-event.ts';
import { actionOf, type RelatedAction } from '../rules/related.ts';
import { CALLERS_OF_RULES, PER_ROW, plainContextKinds } from '../scanner/column-layout.ts';
import { columnsOf } from '../scanner/encoded-columns.ts';
import { NOT_INTERNED } from '../scanner/row-layout.ts';
import type { Booleans, RowEncoder, Texts } from '../scanner/row-encoder.ts';

/**
 * Fields whose texts the scanner interns together, each list the input of some rules. What a rule says of
 * one text holds for every row with the same id: it is asked once.
 */
export const groups = [
  ['userIdentity', 'recipientAccountId', 'sessionCredentialFromConsole'],
  ['sourceIPAddress', 'userAgent', 'vpcEndpointId', 'tlsDetails'],
  [
    'eventName',
    'awsRegion',
    'eventType',
    'readOnly',
    'requestParameters',
    'responseElements',
    'additionalEventData',
    'resources',
    'errorCode',
    'serviceEventDetails',
  ],
  ['encryptionContext', 'awsRegion'],
] as const;

export const groupOf = { identity: 0, client: 1, call: 2, context: 3 } as const;

/** Who did what in an event of another service. */
export interface KnownAction extends RelatedAction {
  /** Number of the tuple in the book of actions. */
  tuple: number;
}

/** Fields from which an action is told, besides those of the identity. */
export const actionFields = [
  'eventSource',
  'eventName',
  'awsRegion',
  'userAgent',
  'errorCode',
] as const;

/** Actions to remember at most: they are by pairs of ids, and the scanner bounds only the ids. */
const actions_max = 2 ** 16;

/** Marks an action that depends on more than its text: such rows go through the plain rules, one by one. */
export const perRow = null;

/**
 * Asks the rules about texts that the scanner does not know yet, and teaches it what they say. What they
 * cannot say of a text alone, it is told to leave to the plain rules, row by row.
 */
export class Remembered {
  /** By the ids of the identity and of what was done. */
  readonly #actions = new Map<number, KnownAction | typeof perRow>();
  readonly #encoder: RowEncoder;
  /** Numbers of tuples by their values. */
  #tuples = {
    calls: new Map<string, number>(),
    keys: new Map<string, number>(),
    actions: new Map<string, number>(),
  };
  readonly #callers = new Map<string, number>();
  readonly #contextKinds = new Map<string, number>();

  constructor(encoder: RowEncoder) {
    this.#encoder = encoder;
    this.#numberPlainKinds();
  }

  /** The scanner numbers these kinds itself. */
  #numberPlainKinds(): void {
    for (const kind of plainContextKinds) numberIn(this.#contextKinds, kindKey(kind, null, null));
  }

  /** The scanner's ids start again at 0. */
  forgetIds(): void {
    this.#actions.clear();
    this.#callers.clear();
    this.#contextKinds.clear();
    this.#numberPlainKinds();
  }

  /** The scanner's tuples are forgotten too. */
  forgetTuples(): void {
    this.forgetIds();
    this.#tuples.calls.clear();
    this.#tuples.keys.clear();
    this.#tuples.actions.clear();
  }

  /** `record` has at least the fields of the identity group. */
  identity(id: number, record: JsonObject): void {
    const recipient = textField(record, 'recipientAccountId');
    // Without a recipient the account of the file's path counts.
    if (recipient === null) return this.#encoder.teachIdentity(id, PER_ROW, 0);
    const user = objectField(record, 'userIdentity');
    const identity = identityOf(user, recipient, null);
    const console_session = consoleSession(record['sessionCredentialFromConsole']);
    const caller = JSON.stringify([identity.caller_account_id, textField(user, 'invokedBy')]);
    // Another text is another session, nearly always.
    const tuple = this.#add('identities', { ...identity, console_session });
    const number = CALLERS_OF_RULES + numberIn(this.#callers, caller);
    this.#encoder.teachIdentity(id, tuple ?? PER_ROW, number);
  }

  /** `record` has at least the fields of the client group. */
  client(id: number, record: JsonObject): void {
    this.#encoder.teachClient(id, this.#add('clients', clientOf(record)) ?? PER_ROW);
  }

  /** `value` is the encryption context, undefined for none. */
  context(id: number, value: unknown, awsRegion: unknown): void {
    const teach = (kind: number, texts: Texts) => {
      if (!this.#encoder.teachContext(id, kind, texts)) this.context(id, null, awsRegion);
    };
    if (value === undefined) return teach(0, [null, null]);
    // null gives way to sourceEncryptionContext, which is not in this text.
    if (value === null) return teach(PER_ROW, [null, null]);
    const context = contextOf(value, textField({ awsRegion }, 'awsRegion'));
    const { context_kind, s3_bucket, s3_context_is_bucket } = context;
    const kind = kindKey(context_kind, s3_bucket, s3_context_is_bucket);
    const number = numberIn(this.#contextKinds, kind) + 1;
    teach(number, [context.encryption_context, context.resource_arn]);
  }

  /** What an identity did; `fields` reads at least those of the identity group and the action's own. */
  action(identity: number, own: number, fields: () => JsonObject): KnownAction | typeof perRow {
    const key = identity * 2 ** 16 + own;
    const isInterned = own !== NOT_INTERNED;
    const known = isInterned ? this.#actions.get(key) : undefined;
    if (known !== undefined) return known;
    const asked = this.#askAction(fields());
    if (isInterned) {
      if (this.#actions.size === actions_max) this.#actions.clear();
      this.#actions.set(key, asked);
    }
    return asked;
  }

  #askAction(record: JsonObject): KnownAction | typeof perRow {
    const source = textField(record, 'eventSource');
    const name = textField(record, 'eventName');
    const placed = ['recipientAccountId', 'awsRegion'].every((f) => textField(record, f) !== null);
    // Without a recipient or a Region of its own, those of the file's path count.
    if (source === null || name === null || !placed) return perRow;
    const action = actionOf(record, source, name, { account_id: null, region: null });
    const tuple = this.#numberOf('actions', action);
    return tuple === null ? perRow : { ...action, tuple };
  }

  /** `record` is the whole record. */
  call(id: number, by: { caller: number; kind: number }, record: JsonObject): void {
    if (!this.#teachCall(id, by, record)) this.#encoder.teachCallPerRow(id, by, PER_ROW);
  }

  #teachCall(id: number, by: { caller: number; kind: number }, record: JsonObject): boolean {
    // Without a Region of its own the Region of the file's path counts.
    if (textField(record, 'awsRegion') === null) return false;
    const event = kmsEventOf(record, 0, { account_id: null, region: null });
    if ('errorClass' in event) return false;
    const parameters = record['requestParameters'];
    const hasContext = isObject(parameters) && Object.hasOwn(parameters, 'encryptionContext');
    // The parameters of other calls are kept whole, with their context.
    if (hasContext && event.operation_class !== 'cryptographic') return false;
    const call = this.#numberOf('calls', event);
    const key = this.#numberOf('keys', event);
    if (call === null || key === null) return false;
    // A call without encryptionContext has that of sourceEncryptionContext.
    return this.#encoder.teachCall(id, by, { call, key }, [
      event.encryption_context,
      event.resource_arn,
      event.request_parameters,
      event.response_elements,
    ]);
  }

  /** The number of the tuple in these fields of an event; null when it is too large to be kept. */
  #numberOf(dimension: 'calls' | 'keys' | 'actions', event: object): number | null {
    const known = this.#tuples[dimension];
    const key = JSON.stringify(valuesOf(dimension, event));
    const number = known.get(key) ?? this.#add(dimension, event);
    if (number !== null) known.set(key, number);
    return number;
  }

  #add(dimension: DimensionName, event: object): number | null {
    return this.#encoder.addTuple(dimension, ...valuesOf(dimension, event));
  }
}

/** The values of a dimension in these fields of an event; more fields than its columns do no harm. */
function valuesOf(dimension: DimensionName, event: object): [Texts, Booleans] {
  const { texts, booleans } = columnsByDimension[dimension];
  const valueOf = (name: string) => (event as Record<string, unknown>)[name] ?? null;
  return [texts.map(valueOf) as Texts, booleans.map(valueOf) as Booleans];
}

const columnsByDimension = Object.fromEntries(
  dimensionNames.map((dimension) => [dimension, columnsOf(dimension)]),
) as Record<DimensionName, ReturnType<typeof columnsOf>>;

/** All that a call takes from its context. */
function kindKey(kind: string, bucket: string | null, is_bucket: boolean | null): string {
  return JSON.stringify([kind, bucket, is_bucket]);
}

function numberIn(numbers: Map<string, number>, key: string): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}
