import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { asyncApiDocument, eventJsonSchemas } from './asyncapi.ts';
import { everyService, type ServiceEntry } from './registry.ts';
import { sampleEvents } from './sample-events.ts';
import { eventTypes } from './schemas.ts';

const formats = { uuid: true, 'date-time': true, 'uri-reference': true } as const;

describe('the AsyncAPI document', () => {
  test("is a valid document by AsyncAPI's own schema", () => {
    const { $schema: _, ...schema } = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(asyncApiDocument()) ? [] : validate.errors).toEqual([]);
  });

  test('points at nothing that is not there', () => {
    const document = asyncApiDocument();
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/gu);
    const targets = [...references].map(([, path]) => path!);
    expect(targets.length).toBeGreaterThan(eventTypes.length);
    for (const path of targets) {
      const target = path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document);
      expect([path, target]).toEqual([path, expect.anything()]);
    }
  });

  test('has an operation for each topic that a service sends or receives', () => {
    const operations = Object.keys(asyncApiDocument()['operations'] as object);
    const expected = Object.values<ServiceEntry>(everyService).flatMap(({ name, consumes, produces }) => [
      ...produces.map((type) => `${name}.send.${type}`),
      ...consumes.map((type) => `${name}.receive.${type}`),
    ]);
    expect(operations.toSorted()).toEqual(expected.toSorted());
  });

  test('shows examples that its schemas accept', () => {
    const schemas = eventJsonSchemas();
    for (const { type, data } of Object.values(sampleEvents())) {
      const validate = new Ajv2020({ formats }).compile(schemas[type] as object);
      expect(validate(data) ? [] : validate.errors).toEqual([]);
      expect(validate({ ...data, status: 'UNHEARD_OF' })).toBe(false);
    }
    expect(JSON.stringify(asyncApiDocument()).split('"payload":{').length - 1).toBe(
      Object.keys(sampleEvents()).length + eventTypes.length,
    );
  });
});
