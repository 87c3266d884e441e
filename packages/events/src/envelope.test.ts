import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeEvent, encodeEvent, eventId, InvalidEventError } from './envelope.ts';
import { everyService, type ServiceEntry } from './registry.ts';
import { sampleEvents, sampleOrderId } from './sample-events.ts';
import { factOf, type PipelineEvent } from './schemas.ts';
import { maxEventBytes } from './topics.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const samples = Object.values(sampleEvents()) as PipelineEvent[];
const cases = samples.map((event) => [factOf(event), event] as const);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The error that decoding throws, as a dead letter reports it. */
function faultOf(topic: string, value: Uint8Array | null): InvalidEventError {
  try {
    decodeEvent(topic, value);
  } catch (error) {
    if (error instanceof InvalidEventError) return error;
    throw error;
  }
  throw new Error('the record was read');
}

describe('the envelope', () => {
  test('is CloudEvents 1.0 in the Kafka binary binding', () => {
    const { placed } = sampleEvents();
    expect(encodeEvent({ ...placed, traceparent })).toEqual({
      topic: 'order_placed',
      key: sampleOrderId,
      value: JSON.stringify(placed.data),
      headers: {
        ce_specversion: '1.0',
        ce_id: `${sampleOrderId}:order_placed:PENDING`,
        ce_type: 'order_placed',
        ce_source: '/order-pipeline/order',
        ce_subject: sampleOrderId,
        ce_time: '2024-05-18T12:00:00.000Z',
        'content-type': 'application/json',
        traceparent,
      },
    });
  });

  test.each(cases)('%s comes back as it went, with its trace', (_, event) => {
    const { topic, value } = encodeEvent(event);
    expect(decodeEvent(topic, bytes(value))).toEqual(event);
    expect(decodeEvent(topic, bytes(value), traceparent)).toEqual({ ...event, traceparent });
    expect(encodeEvent(event).headers).not.toHaveProperty('traceparent');
  });

  test.each(cases)('%s names the one service that produces its topic as its source', (_, event) => {
    const { headers } = encodeEvent(event);
    const producers = Object.values<ServiceEntry>(everyService).filter(({ produces }) => produces.includes(event.type));
    expect(producers.map(({ name }) => `/order-pipeline/${name}`)).toEqual([headers['ce_source']]);
  });

  test.each(cases)('%s gives the same bytes each time, after a stay in a database too', (_, event) => {
    const stored = JSON.parse(JSON.stringify(event)) as PipelineEvent;
    expect(JSON.stringify(encodeEvent(stored))).toBe(JSON.stringify(encodeEvent(event)));
  });

  test('gives a fact the same id whenever it is published, and no two facts the same id', () => {
    const { paid, refunded } = sampleEvents();
    const later = { ...paid, data: { ...paid.data, timestamp: '2030-01-01T00:00:00Z' } };
    expect(eventId(later)).toBe(eventId(paid));
    expect(eventId(refunded)).not.toBe(eventId(paid));
    expect(new Set(samples.map(eventId)).size).toBe(samples.length);
    expect(eventId(sampleEvents('018f8c1e-7a00-7000-8000-000000000000').paid)).not.toBe(eventId(paid));
  });

  test('the largest event fits into its topic', () => {
    const { paid } = sampleEvents();
    const items = Array.from({ length: 100 }, () => ({
      product_id: 'P'.repeat(64),
      quantity: 10_000,
      price_minor: 1e8,
    }));
    const text = '\u0001'.repeat(499) + 'x';
    const { value } = encodeEvent({
      ...paid,
      data: { ...paid.data, items, customer_id: text, shipping_address: text },
    });
    expect(bytes(value).length).toBeLessThan(maxEventBytes / 10);
  });

  test("data that is not its schema's is never sent", () => {
    const { placed } = sampleEvents();
    const broken = { ...placed, data: { ...placed.data, total_minor: Number.NaN } };
    expect(() => encodeEvent(broken)).toThrow(/order_placed: total_minor/u);
  });
});

describe('a record that is no event', () => {
  test.each([
    ['not JSON', bytes('{"order_id":')],
    ['empty', new Uint8Array(0)],
    ['not UTF-8', Uint8Array.of(0x22, 0xc3, 0x28, 0x22)],
    ['UTF-8 that ends in the middle of a character', bytes('"→"').slice(0, 3)],
    ['a tombstone', null],
  ])('is not read when it is %s', (_, value) => {
    expect(faultOf('order_placed', value).kind).toBe('not-json');
  });

  test.each(['null', '[]', '"text"', '42', '{}', '{"order_id":"x"}'])('is not read when it is %s', (value) => {
    const { kind, message } = faultOf('order_cancelled', bytes(value));
    expect(kind).toBe('schema');
    expect(message).toMatch(/^order_cancelled: /u);
  });

  test('is refused with the faulty field named', () => {
    const { reserved } = sampleEvents();
    const data = { ...reserved.data, items: [{ ...reserved.data.items[0], quantity: 0 }] };
    expect(faultOf('inventory_updated', bytes(JSON.stringify(data))).message).toContain('items.0.quantity');
  });

  test('is refused with few words, however much is wrong with it', () => {
    const items = Array.from({ length: 100 }, () => ({}));
    const { message } = faultOf('order_placed', bytes(JSON.stringify({ items })));
    expect(message.length).toBeLessThan(1_000);
  });

  test('is refused when no event has the type of its topic', () => {
    expect(faultOf('order_shredded', bytes('{}')).message).toContain('order_shredded');
  });

  test('never breaks the reader otherwise, whatever its bytes are', () => {
    const anything = fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.json().map(bytes));
    fc.assert(
      fc.property(anything, (value) => {
        expect(['not-json', 'schema']).toContain(faultOf('order_cancelled', value).kind);
      }),
      { numRuns: 500 },
    );
  });
});
