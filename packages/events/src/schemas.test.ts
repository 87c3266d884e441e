import { describe, expect, test } from '@jest/globals';
import { sampleEvents } from './sample-events.ts';
import { eventSchemas, eventTypes, factOf, isEventType, type PipelineEvent } from './schemas.ts';

const samples = Object.values(sampleEvents()) as PipelineEvent[];
const cases = samples.map((event) => [factOf(event), event] as const);

/** Where the faults of some data stand, as dotted paths. */
function faultyFields(type: keyof typeof eventSchemas, data: unknown): string[] {
  const { error } = eventSchemas[type].safeParse(data);
  return (error?.issues ?? []).map(({ path }) => path.join('.'));
}

describe('event schemas', () => {
  test('there is a sample of every fact that the schemas allow', () => {
    const facts = eventTypes.flatMap((type) => {
      const schema = eventSchemas[type];
      const variants = 'options' in schema ? schema.options : [schema];
      return variants.map(({ shape }) => `${type}:${shape.status.value}`);
    });
    expect(samples.map(factOf).toSorted()).toEqual(facts.toSorted());
  });

  test.each(cases)('%s reads its sample as it is', (_, { type, data }) => {
    expect(eventSchemas[type].parse(data)).toEqual(data);
  });

  test.each(cases)('%s drops fields that it does not know, at every depth', (_, { type, data }) => {
    const items = 'items' in data ? { items: data.items.map((item) => ({ ...item, colour: 'red' })) } : {};
    expect(eventSchemas[type].parse({ ...data, ...items, from_the_future: { deeply: true } })).toEqual(data);
  });

  const optional = new Set(['product_id']);
  test.each(cases)('%s names each field that is missing', (_, { type, data }) => {
    for (const field of Object.keys(data).filter((name) => !optional.has(name))) {
      const { [field]: _missing, ...rest } = data as Record<string, unknown>;
      expect(faultyFields(type, rest)).toEqual([field]);
    }
  });

  test.each(cases)('%s names each field of a wrong type', (_, { type, data }) => {
    for (const field of Object.keys(data)) {
      expect(faultyFields(type, { ...data, [field]: { $gt: '' } })).toEqual([field]);
    }
  });

  const { placed, shipped } = sampleEvents();
  const [line] = placed.data.items;
  test.each<[string, string, object]>([
    ['an order id that is no id', 'order_id', { order_id: 'order-1' }],
    ['a time that is not UTC', 'timestamp', { timestamp: '2024-05-18T12:00:00+02:00' }],
    ['a day that does not exist', 'timestamp', { timestamp: '2023-02-29T12:00:00Z' }],
    ['a status of another event', 'status', { status: 'SHIPPED' }],
    ['no lines', 'items', { items: [] }],
    ['more lines than an order may have', 'items', { items: Array.from({ length: 101 }, () => line) }],
    ['a quantity of none', 'items.0.quantity', { items: [{ ...line, quantity: 0 }] }],
    ['a negative quantity', 'items.0.quantity', { items: [{ ...line, quantity: -1 }] }],
    ['half a piece', 'items.0.quantity', { items: [{ ...line, quantity: 0.5 }] }],
    ['a huge quantity', 'items.0.quantity', { items: [{ ...line, quantity: 10_001 }] }],
    ['a negative price', 'items.0.price_minor', { items: [{ ...line, price_minor: -1 }] }],
    ['a price in fractions of a cent', 'items.0.price_minor', { items: [{ ...line, price_minor: 29.99 }] }],
    ['an operator for a product', 'items.0.product_id', { items: [{ ...line, product_id: '{"$gt":""}' }] }],
    ['an empty customer', 'customer_id', { customer_id: ' \t' }],
    ['a customer of more than 500 characters', 'customer_id', { customer_id: 'c'.repeat(501) }],
    ['text that is no Unicode', 'shipping_address', { shipping_address: 'Main St \ud800' }],
    ['a negative total', 'total_minor', { total_minor: -1 }],
    ['a currency that is none', 'currency', { currency: 'DOLLARS' }],
  ])('an order with %s is refused, and %s is named', (_, field, fault) => {
    expect(faultyFields('order_placed', { ...placed.data, ...fault })).toEqual([field]);
  });

  test.each(['TRK-0a1b2c3d', 'TRK-0A1B2C3', 'TRK-0A1B2C3D4', '0A1B2C3D'])('%s is no tracking number', (number) => {
    expect(faultyFields('shipment_processed', { ...shipped.data, tracking_number: number })).toEqual([
      'tracking_number',
    ]);
  });

  test('the limits themselves are allowed', () => {
    const items = Array.from({ length: 100 }, () => ({
      product_id: 'P'.repeat(64),
      quantity: 10_000,
      price_minor: 1e8,
    }));
    const text = '→'.repeat(500);
    const largest = { ...placed.data, items, customer_id: text, shipping_address: text, total_minor: 1e14 };
    expect(faultyFields('order_placed', largest)).toEqual([]);
  });

  test('a name of Object.prototype is no event type', () => {
    expect(isEventType('order_placed')).toBe(true);
    for (const name of ['toString', '__proto__', 'constructor', 'Order_placed', '']) {
      expect(isEventType(name)).toBe(false);
    }
  });
});
