import { contextKinds } from '../../reference/context-kinds.ts';
import { isObject, type JsonObject } from '../records/record.ts';
import { partitionOfRegion } from './arn.ts';

/** What an encryption context says about the resource behind a call. */
export interface Context {
  encryption_context: string | null;
  context_kind: string;
  resource_arn: string | null;
  s3_bucket: string | null;
  s3_context_is_bucket: boolean | null;
}

const s3Arn = /^arn:aws[a-z-]*:s3:::([^/]+)(\/.*)?$/s;

/** Reads an encryption context; `region` completes a DynamoDB table's ARN. */
export function contextOf(value: unknown, region: string | null): Context {
  const none: Context = {
    encryption_context: null,
    context_kind: 'none',
    resource_arn: null,
    s3_bucket: null,
    s3_context_is_bucket: null,
  };
  if (value === undefined || value === null) return none;
  if (!isObject(value)) {
    return { ...none, encryption_context: JSON.stringify(value), context_kind: 'other' };
  }
  const entries = Object.keys(value);
  if (entries.length === 0) return { ...none, encryption_context: '{}' };
  return { ...none, encryption_context: JSON.stringify(value), ...kindOf(value, entries, region) };
}

function kindOf(context: JsonObject, names: string[], region: string | null): Partial<Context> {
  const text = (name: string) => {
    const value = Object.hasOwn(context, name) ? context[name] : null;
    return typeof value === 'string' ? value : null;
  };
  const entry = contextKinds.find(({ when }) => when.some((name) => text(name) !== null));
  if (!entry) {
    const arn = names.map(text).find((value) => value?.startsWith('arn:')) ?? null;
    return { context_kind: 'other', resource_arn: arn };
  }
  const named = entry.resource.map(text).find((value) => value !== null) ?? null;
  const bucket = entry.names_bucket ? s3Part(text('aws:s3:arn')) : {};
  const resource_arn = filled(entry.arn, text, region) ?? named;
  return { context_kind: entry.kind, ...bucket, resource_arn };
}

/** An ARN's template with the context's values; null without a template or when a value is missing. */
function filled(
  template: string | undefined,
  text: (name: string) => string | null,
  region: string | null,
): string | null {
  if (template === undefined || region === null) return null;
  let isWhole = true;
  const arn = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    if (name === 'region') return region;
    if (name === 'partition') return partitionOfRegion(region);
    const value = text(name);
    if (!value) isWhole = false;
    return value ?? '';
  });
  return isWhole ? arn : null;
}

function s3Part(arn: string | null) {
  const match = arn === null ? null : s3Arn.exec(arn);
  return {
    s3_bucket: match ? match[1]! : null,
    s3_context_is_bucket: match ? match[2] === undefined : null,
  };
}
