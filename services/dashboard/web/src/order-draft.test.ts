import { describe, expect, test } from '@jest/globals';
import { bodyOf, bodyOfCase, bodyOfStream, isOnShelf, totalOf } from './order-draft.ts';

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

  test('asks for one piece more than there is of what makes the smallest order', () => {
    expect(bodyOfCase('out-of-stock', draft, products)).toMatchObject({
      items: [{ product_id: 'P002', quantity: 1, price: 0.1 }],
    });
    expect(bodyOfCase('out-of-stock', draft, [products[0]!])).toMatchObject({
      items: [{ product_id: 'P001', quantity: 4, price: 29.99 }],
      total_amount: 119.96,
    });
  });

  test('is never out of stock by an order that is declined for its amount, or refused for its pieces', () => {
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

describe('a stream without a basket', () => {
  const ordered = (products: Parameters<typeof bodyOfStream>[2]) =>
    [0, 1, 2].map((n) => bodyOfStream(n, { ...draft, quantities: {} }, products).items[0]?.product_id);

  test('orders in turn what there is', () => {
    expect(ordered([...products, { product_id: 'P003', quantity: 9, price: 5 }])).toEqual(['P001', 'P003', 'P001']);
  });

  test('orders all in turn where nothing is left, and is refused as a customer would be', () => {
    expect(ordered([products[1]!, { product_id: 'P003', quantity: 0, price: 5 }])).toEqual(['P002', 'P003', 'P002']);
  });
});

test("the load tool's products are not on the shelf", () => {
  const all = ['P001', 'LOAD-1', 'LOAD-SCARCE', 'UNLOAD-1'].map((product_id) => ({
    product_id,
    quantity: 1,
    price: 1,
  }));
  expect(all.filter(isOnShelf).map(({ product_id }) => product_id)).toEqual(['P001', 'UNLOAD-1']);
});
