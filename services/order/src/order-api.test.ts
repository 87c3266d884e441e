import { describe, expect, test } from '@jest/globals';
import { acceptedView, linesOf, orderSchema, orderView, placeOrderSchema } from './order-api.ts';
import { cancelOrder, placeOrder } from './order.ts';

/** The article's order, word for word. */
const body = {
  customer_id: 'CUST001',
  items: [
    { product_id: 'P001', quantity: 2, price: 29.99 },
    { product_id: 'P002', quantity: 1, price: 49.99 },
  ],
  shipping_address: '123 Main St, City, Country',
  total_amount: 109.97,
};
const [first, second] = body.items;
const firstLine = (change: object) => ({ items: [{ ...first, ...change }, second] });

/** The invalid fields of a body, as JSON pointers; unknown fields by their name. */
function faultyFields(changed: unknown): string[] {
  const { error } = placeOrderSchema.safeParse(changed);
  return (error?.issues ?? []).flatMap((issue) => {
    const names = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return names.map((path) => `/${path.join('/')}`);
  });
}

const messageOf = (changed: unknown): string | undefined =>
  placeOrderSchema.safeParse(changed).error?.issues[0]?.message;

describe("the article's order", () => {
  test('is accepted', () => {
    expect(placeOrderSchema.parse(body)).toEqual(body);
  });

  test('may name the same product twice: its lines are summed', () => {
    const items = [first, first, second];
    expect(faultyFields({ ...body, items })).toEqual(['/total_amount']);
    expect(faultyFields({ ...body, items, total_amount: 169.95 })).toEqual([]);
  });

  test('may cost nothing', () => {
    expect(faultyFields({ ...body, items: [{ ...first, price: 0 }], total_amount: 0 })).toEqual([]);
  });

  test('may have as many and as large lines as the limits allow', () => {
    const items = Array.from({ length: 100 }, () => ({ product_id: 'P001', quantity: 10_000, price: 1_000_000 }));
    const text = 'x'.repeat(500);
    const largest = { customer_id: text, shipping_address: text, items, total_amount: 1e12 };
    expect(faultyFields(largest)).toEqual([]);
  });

  test('has lines in minor units', () => {
    expect(linesOf(body.items).map(({ price_minor }) => price_minor)).toEqual([2999, 4999]);
  });
});

describe('an order is refused, with each invalid field named, when', () => {
  test.each<[string, unknown, string[]]>([
    ['it is no object', 'order', ['/']],
    ['it is a list', [], ['/']],
    ['it is null', null, ['/']],
    ['it is empty', {}, ['/customer_id', '/items', '/shipping_address', '/total_amount']],
    ['the customer is missing', { ...body, customer_id: undefined }, ['/customer_id']],
    ['the customer is a number', { ...body, customer_id: 7 }, ['/customer_id']],
    ['the customer is empty', { ...body, customer_id: '' }, ['/customer_id']],
    ['the customer is blank', { ...body, customer_id: ' \n\t' }, ['/customer_id']],
    ['the customer is over 500 characters', { ...body, customer_id: 'c'.repeat(501) }, ['/customer_id']],
    ['the customer is an operator', { ...body, customer_id: { $gt: '' } }, ['/customer_id']],
    ['the address is missing', { ...body, shipping_address: undefined }, ['/shipping_address']],
    ['the address is empty', { ...body, shipping_address: '' }, ['/shipping_address']],
    ['the address is over 500 characters', { ...body, shipping_address: 'a'.repeat(501) }, ['/shipping_address']],
    ['the address is no Unicode', { ...body, shipping_address: '\udc00' }, ['/shipping_address']],
    ['the address is an operator', { ...body, shipping_address: { $ne: null } }, ['/shipping_address']],
    ['there are no items', { ...body, items: [] }, ['/items']],
    ['the items are no list', { ...body, items: { 0: first } }, ['/items']],
    [
      'there are more than 100 items',
      { ...body, items: Array.from({ length: 101 }, () => ({ ...first, price: 0 })), total_amount: 0 },
      ['/items'],
    ],
    ['an item is no object', { ...body, items: ['P001', second] }, ['/items/0']],
    ['an item names no product', { ...body, ...firstLine({ product_id: undefined }) }, ['/items/0/product_id']],
    ['a product is empty', { ...body, ...firstLine({ product_id: '' }) }, ['/items/0/product_id']],
    ['a product is an operator', { ...body, ...firstLine({ product_id: { $gt: '' } }) }, ['/items/0/product_id']],
    [
      'a product is an operator in text',
      { ...body, ...firstLine({ product_id: '{"$gt":""}' }) },
      ['/items/0/product_id'],
    ],
    ['a product starts with a dollar', { ...body, ...firstLine({ product_id: '$where' }) }, ['/items/0/product_id']],
    ['a quantity is 0', { ...body, ...firstLine({ quantity: 0 }) }, ['/items/0/quantity']],
    ['a quantity is negative', { ...body, ...firstLine({ quantity: -2 }) }, ['/items/0/quantity']],
    ['a quantity is fractional', { ...body, ...firstLine({ quantity: 1.5 }) }, ['/items/0/quantity']],
    ['a quantity is huge', { ...body, ...firstLine({ quantity: 10_001 }) }, ['/items/0/quantity']],
    [
      'a quantity is beyond all numbers',
      { ...body, ...firstLine({ quantity: Number.POSITIVE_INFINITY }) },
      ['/items/0/quantity'],
    ],
    ['a quantity is text', { ...body, ...firstLine({ quantity: '2' }) }, ['/items/0/quantity']],
    ['a price is negative', { ...body, ...firstLine({ price: -29.99 }) }, ['/items/0/price']],
    ['a price has three decimals', { ...body, ...firstLine({ price: 29.999 }) }, ['/items/0/price']],
    ['a price is over a million', { ...body, ...firstLine({ price: 1_000_000.01 }) }, ['/items/0/price']],
    ['a price is text', { ...body, ...firstLine({ price: '29.99' }) }, ['/items/0/price']],
    ['the total is missing', { ...body, total_amount: undefined }, ['/total_amount']],
    ['the total is text', { ...body, total_amount: '109.97' }, ['/total_amount']],
    ['the total is a cent more', { ...body, total_amount: 109.98 }, ['/total_amount']],
    ['the total is a cent less', { ...body, total_amount: 109.96 }, ['/total_amount']],
    ['the total has three decimals', { ...body, total_amount: 109.971 }, ['/total_amount']],
    ['the total is negative', { ...body, total_amount: -109.97 }, ['/total_amount']],
    ['it has an unknown field', { ...body, discount: 10 }, ['/discount']],
    ['it has the status that it wants', { ...body, status: 'SHIPPED' }, ['/status']],
    ['an item has an unknown field', { ...body, ...firstLine({ colour: 'red' }) }, ['/items/0/colour']],
    [
      'several things are wrong at once',
      { ...body, customer_id: '', ...firstLine({ quantity: 0, price: 1.001 }), extra: 1 },
      ['/customer_id', '/items/0/quantity', '/items/0/price', '/extra'],
    ],
  ])('%s', (_, changed, fields) => {
    expect(faultyFields(changed).toSorted()).toEqual(fields.toSorted());
  });

  test('a field of JSON replaces the prototype', () => {
    const smuggled = JSON.parse(JSON.stringify(body).replace('{', '{"__proto__":{"admin":true},')) as unknown;
    expect(faultyFields(smuggled)).toEqual(['/__proto__']);
  });

  test('the total differs and the customer is empty: the response names both', () => {
    const fields = faultyFields({ ...body, customer_id: '', total_amount: 100 });
    expect(fields.toSorted()).toEqual(['/customer_id', '/total_amount']);
  });

  test('the total differs, with both numbers named', () => {
    expect(messageOf({ ...body, total_amount: 100 })).toBe('is 100, but the items add up to 109.97');
  });
});

describe('the response', () => {
  const { order } = placeOrder({
    orderId: '018f8c1e-7a00-7000-8000-0123456789ab',
    now: new Date('2024-05-18T12:00:00Z'),
    customer_id: body.customer_id,
    items: linesOf(body.items),
    shipping_address: body.shipping_address,
    currency: 'USD',
    requestHash: 'hash',
    idempotencyKey: 'key',
  });

  test("has the article's fields, and no others", () => {
    expect(orderView(order)).toEqual({
      ...body,
      order_id: order._id,
      status: 'PENDING',
      created_at: '2024-05-18T12:00:00.000Z',
    });
    expect(orderSchema.strict().parse(orderView(order))).toEqual(orderView(order));
  });

  test('to a repeated POST is the first one, whatever the state of the order', () => {
    const cancellation = cancelOrder(order, new Date());
    if (cancellation.outcome !== 'accepted') throw new Error(cancellation.outcome);
    const ended = { ...cancellation.order, reason: 'ORDER_CANCELLED' };
    expect(orderView(ended)).toMatchObject({ status: 'CANCELLING', reason: 'ORDER_CANCELLED' });
    expect(acceptedView(ended)).toEqual(orderView(order));
  });
});
