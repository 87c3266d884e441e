import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { eventJsonSchemas } from './asyncapi.ts';
import { releaseSchema, type Release } from './release.ts';
import { sampleEvents } from './sample-events.ts';
import { eventSchemas, eventTypes, isEventType } from './schemas.ts';

const folder = new URL('../releases/', import.meta.url);
const readJson = (url: URL): unknown => JSON.parse(readFileSync(url, 'utf8'));
const releases = readdirSync(folder).map((file): [string, Release] => [
  file,
  releaseSchema.parse(readJson(new URL(file, folder))),
]);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
/** What explains a schema and decides nothing. */
const explains = new Set(['$schema', 'title', 'description', 'examples']);

const inOrder = (names: unknown[]): string[] => names.map(String).toSorted();

/** What a schema demands otherwise than it did; properties that were added and are not required count as nothing. */
function differences(before: unknown, after: unknown, path = ''): string[] {
  if (!isObject(before) || !isObject(after)) return Object.is(before, after) ? [] : [path];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !explains.has(name));
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (path.endsWith('/properties') && was === undefined) return [];
    if (name === 'required' && Array.isArray(was) && Array.isArray(is)) {
      return differences(inOrder(was), inOrder(is), `${path}/required`);
    }
    return differences(was, is, `${path}/${name}`);
  });
}

const compile = (schema: unknown) =>
  new Ajv2020({ formats: { uuid: true, 'date-time': true } }).compile(schema as object);

test('the events of this version are kept; `npm run generate` writes them', () => {
  const { version } = readJson(new URL('../package.json', import.meta.url)) as { version: string };
  expect(releases.map(([file]) => file)).toContain(`${version}.json`);
});

describe.each(releases)('the events of %s', (_, release) => {
  test('are read by this version', () => {
    for (const { type, data } of release.samples) {
      if (!isEventType(type)) throw new Error(`${type} is an event no more`);
      expect(eventSchemas[type].parse(data)).toEqual(data);
    }
  });

  test('may be followed by those of this version: a release before reads them', () => {
    for (const { type, data } of Object.values(sampleEvents())) {
      // An event that is newer than the release goes to topics that it does not read.
      const schema = release.schemas[type];
      if (!schema) continue;
      const validate = compile(schema);
      expect(validate(eventSchemas[type].parse(data)) ? [] : validate.errors).toEqual([]);
    }
  });

  test('have gained optional fields only', () => {
    const now = JSON.parse(JSON.stringify(eventJsonSchemas())) as Record<string, unknown>;
    for (const [type, schema] of Object.entries(release.schemas)) {
      expect(differences(schema, now[type], type)).toEqual([]);
    }
  });
});

describe('the comparison of schemas', () => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string', maxLength: 5 }, status: { const: 'NEW' } },
    required: ['name', 'status'],
  };
  const { name, status } = schema.properties;

  test.each([
    ['a required field that was added', { ...schema, required: ['name', 'status', 'age'] }, '/required/2'],
    ['a required field that became optional', { ...schema, required: ['name'] }, '/required/1'],
    ['a field that was removed', { ...schema, properties: { status } }, '/properties/name'],
    ['a limit that was changed', { ...schema, properties: { status, name: { ...name, maxLength: 6 } } }, 'maxLength'],
    ['a limit that was added', { ...schema, properties: { status, name: { ...name, minLength: 1 } } }, 'minLength'],
    ['a status that was renamed', { ...schema, properties: { name, status: { const: 'FRESH' } } }, 'status/const'],
  ])('finds %s', (_, changed, where) => {
    expect(differences(schema, changed)).toEqual(expect.arrayContaining([expect.stringContaining(where)]));
  });

  test('finds nothing in a field that was added as optional, nor in better words', () => {
    const properties = { status: { ...status, description: 'How it is.' }, name, age: { type: 'integer' } };
    expect(differences(schema, { ...schema, properties, title: 'Person' })).toEqual([]);
  });

  test('covers every event', () => {
    expect(Object.keys(eventJsonSchemas()).toSorted()).toEqual(eventTypes.toSorted());
  });
});
