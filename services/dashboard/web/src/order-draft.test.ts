import { describe, expect, test } from '@jest/globals';
import { bodyOf, bodyOfCase, bodyOfStream, totalOf } from './order-draft.ts';

const products = [
  { product_id: 'P001', quantity: 3, price: 29.99 },
  { product_id: 'P002', quantity: 0, price: 0.1 },
];
const draft = { customer: 'Ada', address: 'Here 1', quantities: { P001: 2 } };

test('a total is exact, as decimals are not', () => {
  const items = Array.from({ length: 3 }, () => ({ product_id: 'P', quantity: 1, price: 0.1 }));
  expect(totalOf(items)).toBe(0.3);
});

test('what has no pieces is not ordered', () => {
  expect(bodyOf(draft, products)).toEqual({
    customer_id: 'Ada',
    items: [{ product_id: 'P001', quantity: 2, price: 29.99 }],
    shipping_address: 'Here 1',
    total_amount: 59.98,
  });
});

describe('a ready-made case', () => {
  test('is declined for its customer', () => {
    expect(bodyOfCase('declined', draft, products)).toMatchObject({ customer_id: 'DECLINE-Ada' });
  });

  test('asks for one piece more than there is', () => {
    expect(bodyOfCase('out-of-stock', draft, products)).toMatchObject({
      items: [{ product_id: 'P001', quantity: 4, price: 29.99 }],
    });
  });

  test('pays a price that is not the catalogue’s, with a total to match', () => {
    expect(bodyOfCase('price-changed', draft, products)).toMatchObject({
      items: [{ product_id: 'P001', quantity: 1, price: 30.99 }],
      total_amount: 30.99,
    });
  });

  test('needs a product', () => {
    expect(bodyOfCase('declined', draft, [])).toBeUndefined();
  });
});

test('a stream without a basket orders the products in turn', () => {
  const ordered = [0, 1, 2].map((n) => bodyOfStream(n, { ...draft, quantities: {} }, products).items[0]?.product_id);
  expect(ordered).toEqual(['P001', 'P002', 'P001']);
});
