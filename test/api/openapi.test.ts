import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import { beforeAll, expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { openApiDocument, schemaName } from '../../api/openapi.ts';
import { event, withEvents } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

type Json = Record<string, any>;

let document: Json;
let names: string[];

beforeAll(async () => {
  const registry = await analyses();
  names = [...registry.keys()];
  document = JSON.parse(JSON.stringify(openApiDocument(registry))) as Json;
});

/** Every object in a document, with its JSON pointer. */
function* nodes(value: unknown, pointer = ''): Generator<[string, Json]> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* nodes(item, `${pointer}/${i}`);
  } else if (value !== null && typeof value === 'object') {
    yield [pointer, value as Json];
    for (const [name, item] of Object.entries(value)) yield* nodes(item, `${pointer}/${name}`);
  }
}

const operations = () =>
  Object.entries(document['paths'] as Json).map(
    ([path, item]) => [path, (item as Json)['get'] as Json] as const,
  );

test('the document has the members that OpenAPI 3.1 asks for, and no others', () => {
  expect(document['openapi']).toMatch(/^3\.1\.\d+$/);
  expect(document['info']).toMatchObject({ title: 'keymeter', version: expect.any(String) });
  const known = ['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components'];
  expect(Object.keys(document).filter((name) => !known.includes(name))).toEqual([]);
  for (const [path, item] of Object.entries(document['paths'] as Json)) {
    expect(path).toMatch(/^\/[a-z0-9_/.{}-]*$/);
    expect(Object.keys(item as Json)).toEqual(
      path === '/api/v1/jobs/{id}' ? ['get', 'delete'] : ['get'],
    );
  }
});

test('operations are whole: ids once, tags declared, parameters once, responses described', () => {
  const ids = operations().map(([, operation]) => String(operation['operationId']));
  expect(new Set(ids).size).toBe(ids.length);
  const tags = new Set((document['tags'] as Json[]).map((tag) => tag['name']));
  for (const [path, operation] of operations()) {
    expect(operation['operationId']).toMatch(/^[a-z][A-Za-z0-9]*$/);
    expect([path, operation['tags'].every((tag: string) => tags.has(tag))]).toEqual([path, true]);
    const parameters = operation['parameters'] as Json[];
    expect(new Set(parameters.map((one) => one['name'])).size).toBe(parameters.length);
    for (const parameter of parameters) {
      const place = path.includes(`{${parameter['name']}}`) ? 'path' : 'query';
      expect(parameter).toMatchObject({ in: place, schema: expect.any(Object) });
      expect(Object.keys(parameter)).not.toContain('description_');
    }
    const responses = Object.entries(operation['responses'] as Json);
    expect(responses.map(([status]) => status)).toContain('200');
    for (const [status, response] of responses) {
      expect(status).toMatch(/^([1-5]\d\d|default)$/);
      const { description, $ref } = response as Json;
      expect(typeof ($ref ?? description)).toBe('string');
    }
  }
});

test('every reference leads somewhere', () => {
  for (const [pointer, node] of nodes(document)) {
    const reference = node['$ref'];
    if (typeof reference !== 'string') continue;
    const target = reference
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>((at, part) => (at as Json | undefined)?.[part], document);
    expect([pointer, reference, typeof target]).toEqual([pointer, reference, 'object']);
  }
});

test('schemas are JSON Schema 2020-12', () => {
  const types = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
  for (const [pointer, node] of nodes(document)) {
    const inSchema = /\/(schema|schemas\/[^/]+|items|properties\/[^/]+|anyOf\/\d+)$/.test(pointer);
    if (!inSchema || /\/(example|examples)(\/|$)/.test(pointer)) continue;
    expect([pointer, 'nullable' in node]).toEqual([pointer, false]);
    const type: unknown = node['type'];
    const listed = type === undefined ? [] : [type].flat();
    expect([pointer, listed.filter((one) => !types.includes(String(one)))]).toEqual([pointer, []]);
    if ('required' in node) {
      const properties = Object.keys((node['properties'] ?? {}) as Json);
      expect((node['required'] as string[]).filter((name) => !properties.includes(name))).toEqual(
        [],
      );
    }
  }
});

test('a validator of OpenAPI 3.1 finds no fault, and does find one that is put in', async () => {
  const found = await new Validator().validate(structuredClone(document));
  expect([found.valid, found.errors]).toEqual([true, undefined]);
  const faulty = structuredClone(document);
  delete faulty['paths']['/metrics']['get']['responses'];
  faulty['components']['securitySchemes']['bearer']['type'] = 'secret';
  expect((await new Validator().validate(faulty)).valid).toBe(false);
});

test('every parameter says what it may be, and what it says fits its schema', () => {
  for (const [path, operation] of operations()) {
    for (const { name, schema, example } of operation['parameters'] as Json[]) {
      const given = [example, schema['default'], ...(schema['examples'] ?? [])];
      const values = given.filter((value) => value !== undefined);
      expect([path, name, values.length + (schema['enum'] ?? []).length > 0]).toEqual([
        path,
        name,
        true,
      ]);
      for (const value of values) {
        expect([path, name, value, faultOf(value, schema)]).toEqual([path, name, value, null]);
      }
    }
  }
});

test('examples are judged by their schemas', () => {
  const schema = { $ref: '#/components/schemas/CallRatesRow' };
  const answer = document['paths']['/api/v1/analyses/call-rates'].get.responses['200'];
  const row = answer.content['application/json'].example.rows[0];
  expect(faultOf(row, schema)).toBeNull();
  expect(faultOf({ ...row, calls: '7' }, schema)).toContain('calls');
  expect(faultOf({ ...row, unheard_of: 7 }, schema)).toContain('unheard_of');
  expect(faultOf({ ...row, calls: undefined }, schema)).toContain('calls');
});

test('every answer but Parquet has an example that fits its schema', () => {
  for (const [path, operation] of operations()) {
    const all = { ...operation['responses'], Problem: document['components'].responses.Problem };
    for (const [status, response] of Object.entries(all as Json)) {
      for (const [type, { schema, example }] of Object.entries(
        (response['content'] ?? {}) as Json,
      )) {
        if (type === 'application/vnd.apache.parquet') continue;
        const where = `${path} ${status} ${type}`;
        expect([where, faultOf(example, schema)]).toEqual([where, null]);
        if (type === 'application/x-ndjson') {
          const row = { $ref: `#/components/schemas/${schemaName(names[0]!)}` };
          for (const line of String(example).split('\n').filter(Boolean)) {
            expect([where, faultOf(JSON.parse(line), row)]).toEqual([where, null]);
          }
        }
      }
    }
  }
});

/** Why a value does not fit a JSON Schema; null when it does. A missing example is a fault too. */
function faultOf(value: unknown, schema: Json): string | null {
  if (value === undefined) return 'there is none';
  const whole = inlined(schema) as Parameters<typeof z.fromJSONSchema>[0];
  const { error } = z.fromJSONSchema(whole).safeParse(value);
  return error ? z.prettifyError(error) : null;
}

/** A schema with what it refers to put in its place, and nothing beside what is named. */
function inlined(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (schema === null || typeof schema !== 'object') return schema;
  const { $ref, ...own } = schema as Json;
  if (typeof $ref === 'string')
    return inlined(document['components'].schemas[$ref.split('/').at(-1)!]);
  const parts = Object.entries(own).map(([name, part]) => [name, inlined(part)]);
  const closed = 'properties' in own ? { additionalProperties: false } : {};
  return { ...closed, ...Object.fromEntries(parts) };
}

test('rows come as the file that the address names', async () => {
  await withEvents([event({ at: '2026-10-05T12:00:00Z' })], (engine) =>
    withServer(engine, async ({ port }) => {
      const get = (path: string) => rawRequest(port, `/api/v1/analyses/call-rates${path}`);
      const { rows } = (await get('?bin=day')).json();
      const lines = await get('.ndjson?bin=day');
      expect(lines.headers['content-type']).toBe('application/x-ndjson');
      expect(JSON.parse(lines.text)).toEqual(rows[0]);
      const csv = await get('.csv?bin=day');
      expect(csv.headers['content-disposition']).toBe('attachment; filename="call-rates.csv"');
      expect(csv.text.split('\r\n')[1]!.split(',')).toContain(String(rows[0].calls));
      expect((await get('.parquet')).text.slice(0, 4)).toBe('PAR1');
      expect((await get('.csv?format=json')).status).toBe(400);
      expect((await get('.txt')).status).toBe(404);
    }),
  );
});

test('members of our own begin with x-, so that generators take the document', () => {
  const row = document['components'].schemas['CallRatesRow'].properties;
  expect(row['calls']).toMatchObject({ type: 'number', 'x-unit': 'calls', 'x-headline': true });
  for (const [pointer, node] of nodes(document['components'].schemas)) {
    if (pointer.endsWith('/properties')) continue;
    expect([pointer, 'unit' in node, 'headline' in node]).toEqual([pointer, false, false]);
  }
});

test('every documented path answers as documented, and every analysis is documented', async () => {
  for (const name of names) expect(document['paths']).toHaveProperty([`/api/v1/analyses/${name}`]);
  await withEvents([], (engine) =>
    withServer(engine, async ({ port }) => {
      const served = await rawRequest(port, '/openapi.json');
      expect(served.json()).toEqual(document);
      for (const [template, operation] of operations()) {
        if (template === '/api/v1/ingest/events') continue;
        const path = template.replace('{analysis}', names[0]!).replace('{format}', 'csv');
        const answer = await rawRequest(port, path);
        const type = String(answer.headers['content-type']).split(';')[0]!;
        const needed = answer.status === 400 || answer.status === 404;
        const documented = needed
          ? ['application/problem+json']
          : Object.keys(operation['responses']['200']['content'] as Json);
        expect([path, documented.includes(type)]).toEqual([path, true]);
        expect([path, [200, 400, 404].includes(answer.status)]).toEqual([path, true]);
      }
    }),
  );
});
