import { describe, expect, test } from '@jest/globals';
import { bodyOf, bodyOfCase, bodyOfStream, isListed, totalOf } from './order-draft.ts';

const products = [
  { product_id: 'P001', quantity: 3, price: 29.99 },
  { product_id: 'P002', quantity: 0, price: 0.1 },
];
const draft = { customer: 'Ada', address: 'Here 1', quantities: { P001: 2 } };

test('computes an exact total, although sums of binary fractions are not exact', () => {
  const items = Array.from({ length: 3 }, () => ({ product_id: 'P', quantity: 1, price: 0.1 }));
  expect(totalOf(items)).toBe(0.3);
});

test('orders only products with a quantity', () => {
  expect(bodyOf(draft, products)).toEqual({
    customer_id: 'Ada',
    items: [{ product_id: 'P001', quantity: 2, price: 29.99 }],
    shipping_address: 'Here 1',
    total_amount: 59.98,
  });
});

describe('a prepared refused order', () => {
  test('has a customer whom the gateway declines', () => {
    expect(bodyOfCase('declined', draft, products)).toMatchObject({ customer_id: 'DECLINE-Ada' });
  });

  test('exceeds the stock by one piece, with the smallest possible amount', () => {
    expect(bodyOfCase('out-of-stock', draft, products)).toMatchObject({
      items: [{ product_id: 'P002', quantity: 1, price: 0.1 }],
    });
    expect(bodyOfCase('out-of-stock', draft, [products[0]!])).toMatchObject({
      items: [{ product_id: 'P001', quantity: 4, price: 29.99 }],
      total_amount: 119.96,
    });
  });

  test('never exceeds the stock with an amount that is declined or a quantity that is rejected', () => {
    const plenty = [
      { product_id: 'DEAR', quantity: 400, price: 29.99 },
      { product_id: 'CHEAP', quantity: 10_000, price: 0.01 },
    ];
    expect(bodyOfCase('out-of-stock', draft, plenty)).toBeUndefined();
    const some = { product_id: 'SOME', quantity: 332, price: 30 };
    expect(bodyOfCase('out-of-stock', draft, [...plenty, some])).toMatchObject({
      items: [{ product_id: 'SOME', quantity: 333 }],
      total_amount: 9_990,
    });
  });

  test('has a price that differs from the catalogue, and a matching total', () => {
    expect(bodyOfCase('price-changed', draft, products)).toMatchObject({
      items: [{ product_id: 'P001', quantity: 1, price: 30.99 }],
      total_amount: 30.99,
    });
  });

  test('requires a product', () => {
    expect(bodyOfCase('declined', draft, [])).toBeUndefined();
  });
});

describe('a stream with an empty draft', () => {
  const ordered = (products: Parameters<typeof bodyOfStream>[2]) =>
    [0, 1, 2].map((n) => bodyOfStream(n, { ...draft, quantities: {} }, products).items[0]?.product_id);

  test('orders the products in stock in turn', () => {
    expect(ordered([...products, { product_id: 'P003', quantity: 9, price: 5 }])).toEqual(['P001', 'P003', 'P001']);
  });

  test('orders all products in turn when none is in stock', () => {
    expect(ordered([products[1]!, { product_id: 'P003', quantity: 0, price: 5 }])).toEqual(['P002', 'P003', 'P002']);
  });
});

test('the products of the load tool are not listed', () => {
  const all = ['P001', 'LOAD-1', 'LOAD-SCARCE', 'UNLOAD-1'].map((product_id) => ({
    product_id,
    quantity: 1,
    price: 1,
  }));
  expect(all.filter(isListed).map(({ product_id }) => product_id)).toEqual(['P001', 'UNLOAD-1']);
});
