import { dimensionNames, type DimensionName } from '../../store/event-batch.ts';
import { isObject, objectField, textField, type JsonObject } from '../records/record.ts';
import { clientOf } from '../rules/client.ts';
import { contextOf } from '../rules/context.ts';
import { identityOf } from '../rules/identity.ts';
import { consoleSession, kmsEventOf } from '../rules/kms-event.ts';
import { encodeText } from './growing-columns.ts';
import { actionOf, type RelatedAction } from '../rules/related.ts';
import { TupleBook } from './tuple-book.ts';

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

export interface KnownIdentity {
  /** Number of the tuple in the book of identities. */
  tuple: number;
  /** Stands for the caller's account and invokedBy, all that calls and keys take from an identity. */
  caller: number;
}

export interface KnownContext {
  /** Stands for all that calls take from a context. 0: the call has none. */
  kind: number;
  encryption_context: Buffer | null;
  resource_arn: Buffer | null;
}

/** What rules say of a call by a kind of caller with a kind of context. */
export interface KnownCall {
  call: number;
  key: number;
  request_parameters: Buffer | null;
  response_elements: Buffer | null;
  /** For a call without encryptionContext: what sourceEncryptionContext says. */
  encryption_context: Buffer | null;
  resource_arn: Buffer | null;
}

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

/** Marks what depends on more than its text: such rows go through the plain rules, one by one. */
export const perRow = null;

/** More tuples than this in one book, and all is forgotten before the next batch. */
const tuples_max = 30_000;

/** What the rules said, by the scanner's ids; `undefined` where they were not asked yet. */
export class Remembered {
  readonly books = Object.fromEntries(
    dimensionNames.map((name) => [name, new TupleBook(name)]),
  ) as Record<DimensionName, TupleBook>;
  identities: (KnownIdentity | typeof perRow)[] = [];
  clients: number[] = [];
  contexts: (KnownContext | typeof perRow)[] = [];
  /** By the id of the call's text, then by caller and kind of context (callKey). */
  calls: Map<number, KnownCall | typeof perRow>[] = [];
  /** By the id of the identity and the texts of the action's own fields. */
  readonly actions = new Map<string, KnownAction | typeof perRow>();
  readonly #callers = new Map<string, number>();
  readonly #contextKinds = new Map<string, number>();

  /** The scanner's ids start again at 0. */
  forgetIds(): void {
    this.identities = [];
    this.clients = [];
    this.contexts = [];
    this.calls = [];
    this.actions.clear();
    this.#callers.clear();
    this.#contextKinds.clear();
  }

  get isCrowded(): boolean {
    const sizes = dimensionNames.map((name) => this.books[name].size);
    return Math.max(...sizes, this.actions.size) > tuples_max;
  }

  /** Forgets the tuples too; not while a batch is under way. */
  forgetAll(): void {
    this.forgetIds();
    for (const name of dimensionNames) this.books[name].clear();
  }

  /** `record` has at least the fields of the identity group. */
  identity(id: number, record: JsonObject): KnownIdentity | typeof perRow {
    const recipient = textField(record, 'recipientAccountId');
    // Without a recipient the account of the file's path counts.
    if (recipient === null) return (this.identities[id] = perRow);
    const user = objectField(record, 'userIdentity');
    const identity = identityOf(user, recipient, null);
    const console_session = consoleSession(record['sessionCredentialFromConsole']);
    const caller = [identity.caller_account_id, textField(user, 'invokedBy')];
    return (this.identities[id] = {
      // Another text is another session, nearly always.
      tuple: this.books.identities.newNumberOf({ ...identity, console_session }),
      caller: numberIn(this.#callers, JSON.stringify(caller)),
    });
  }

  /** `record` has at least the fields of the client group. */
  client(id: number, record: JsonObject): number {
    return (this.clients[id] = this.books.clients.newNumberOf(clientOf(record)));
  }

  /** `value` is the encryption context, undefined for none. */
  context(id: number, value: unknown, awsRegion: unknown): KnownContext | typeof perRow {
    if (value === undefined) {
      return (this.contexts[id] = { kind: 0, encryption_context: null, resource_arn: null });
    }
    // null gives way to sourceEncryptionContext, which is not in this text.
    if (value === null) return (this.contexts[id] = perRow);
    const context = contextOf(value, textField({ awsRegion }, 'awsRegion'));
    const { context_kind, s3_bucket, s3_context_is_bucket } = context;
    const kind = JSON.stringify([context_kind, s3_bucket, s3_context_is_bucket]);
    return (this.contexts[id] = {
      kind: numberIn(this.#contextKinds, kind) + 1,
      encryption_context: encoded(context.encryption_context),
      resource_arn: encoded(context.resource_arn),
    });
  }

  /** `record` has at least the fields of the identity group and the action's own. */
  action(key: string, record: JsonObject): KnownAction | typeof perRow {
    const source = textField(record, 'eventSource');
    const name = textField(record, 'eventName');
    const placed = ['recipientAccountId', 'awsRegion'].every((f) => textField(record, f) !== null);
    let known: KnownAction | typeof perRow = perRow;
    // Without a recipient or a Region of its own, those of the file's path count.
    if (source !== null && name !== null && placed) {
      const action = actionOf(record, source, name, { account_id: null, region: null });
      known = { ...action, tuple: this.books.actions.numberOf(action) };
    }
    this.actions.set(key, known);
    return known;
  }

  /** `record` is the whole record. */
  call(id: number, key: number, record: JsonObject): KnownCall | typeof perRow {
    const known = this.#ask(record);
    (this.calls[id] ??= new Map()).set(key, known);
    return known;
  }

  #ask(record: JsonObject): KnownCall | typeof perRow {
    // Without a Region of its own the Region of the file's path counts.
    if (textField(record, 'awsRegion') === null) return perRow;
    const event = kmsEventOf(record, 0, { account_id: null, region: null });
    if ('errorClass' in event) return perRow;
    const parameters = record['requestParameters'];
    const hasContext = isObject(parameters) && Object.hasOwn(parameters, 'encryptionContext');
    // The parameters of other calls are kept whole, with their context.
    if (hasContext && event.operation_class !== 'cryptographic') return perRow;
    return {
      call: this.books.calls.numberOf(event),
      key: this.books.keys.numberOf(event),
      request_parameters: encoded(event.request_parameters),
      response_elements: encoded(event.response_elements),
      encryption_context: encoded(event.encryption_context),
      resource_arn: encoded(event.resource_arn),
    };
  }
}

/** One number for a caller and a kind of context, for Remembered.calls. */
export function callKey(caller: number, contextKind: number): number {
  return caller * 2 ** 20 + contextKind;
}

const encoded = (text: string | null) => (text === null ? null : encodeText(text));

function numberIn(numbers: Map<string, number>, key: string): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}
