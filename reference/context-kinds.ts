import { readFileSync } from 'node:fs';

/** One kind of encryption context: how to recognise it and what it names; see context-kinds.json. */
export interface ContextKind {
  kind: string;
  /** The service that makes the calls; null when clients make them. */
  service: string | null;
  /** The context is of this kind when one of these keys holds a text. */
  when: readonly string[];
  /** The resource is the first of these that holds a text. */
  resource: readonly string[];
  /** Template of the resource's ARN; `{key}` is a context value, `{region}` and `{partition}` the call's. */
  arn?: string;
  /** aws:s3:arn names the customer's bucket. */
  names_bucket?: boolean;
  /** The context names the service even when the call has no invokedBy. */
  service_without_invoked_by?: boolean;
  note?: string;
  source: string;
  /** A documented context of this kind. */
  example: Readonly<Record<string, string>>;
}

const file: { kinds: ContextKind[] } = JSON.parse(
  readFileSync(new URL('./context-kinds.json', import.meta.url), 'utf8'),
);

/** The kinds of AWS's encryption contexts, the most specific first. */
export const contextKinds: readonly ContextKind[] = file.kinds;

/** Every `context_kind` that a call can have. */
export const contextKindNames: readonly string[] = [
  ...contextKinds.map((entry) => entry.kind),
  'other',
  'none',
];

/** By kind. */
export const contextKindsByName: ReadonlyMap<string, ContextKind> = new Map(
  contextKinds.map((entry) => [entry.kind, entry]),
);
