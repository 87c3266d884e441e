/** The response names everything that is wrong with a request, and nothing of the request is stored. */
import { describe, expect, test } from '@jest/globals';
import { getJson, postJson, putJson, request, type HttpResponse } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const operatorToken = 'correct horse battery staple';
const on = usePipeline({ env: { OPERATOR_TOKEN: operatorToken } });
const [first, second] = articleOrder.items as [(typeof articleOrder.items)[0], (typeof articleOrder.items)[0]];

const storedDocuments = async (): Promise<Record<string, number>> => ({
  orders: await on.mongo.db('order_db').collection('orders').countDocuments(),
  products: await on.mongo.db('inventory_db').collection('inventory').countDocuments(),
  updates: await on.mongo.db('inventory_db').collection('updates').countDocuments({ kind: 'set' }),
});

const post = (body: unknown, headers?: Record<string, string>): Promise<HttpResponse> =>
  postJson(on.url('order', '/orders'), body, headers);
const putStock = (productId: string, body: unknown, authorization = `Bearer ${operatorToken}`): Promise<HttpResponse> =>
  putJson(on.url('inventory', `/inventory/${productId}`), body, { authorization });
const postText = (body: string, headers: Record<string, string> = {}): Promise<HttpResponse> =>
  request(on.url('order', '/orders'), {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers },
  });

/** Sends a request that must be rejected, and checks that it stored nothing. */
async function expectRejected(status: number, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
  const before = await storedDocuments();
  const response = await send();
  expect(response).toMatchObject({ status, body: { status, title: expect.any(String), detail: expect.any(String) } });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await storedDocuments()).toEqual(before);
  return response;
}

describe('POST /orders', () => {
  const item = (change: object): object => ({ ...articleOrder, items: [{ ...first, ...change }, second] });
  const many = Array.from({ length: 101 }, (_, index) => ({ product_id: `P${index}`, quantity: 1, price: 1 }));
  const without = (field: string): object =>
    Object.fromEntries(Object.entries(articleOrder).filter(([name]) => name !== field));

  test.each([
    ['an array', [], ['#']],
    ['null', null, ['#']],
    ['a string', 'order', ['#']],
    ['an empty object', {}, ['#/customer_id', '#/items', '#/shipping_address', '#/total_amount']],
    ['no customer_id', without('customer_id'), ['#/customer_id']],
    ['no items', without('items'), ['#/items']],
    ['no address', without('shipping_address'), ['#/shipping_address']],
    ['no total', without('total_amount'), ['#/total_amount']],
    ['an item without product_id', item({ product_id: undefined }), ['#/items/0/product_id']],
    ['an item without quantity', item({ quantity: undefined }), ['#/items/0/quantity']],
    ['an item without price', item({ price: undefined }), ['#/items/0/price']],
    ['an unknown field', { ...articleOrder, coupon: 'FREE' }, ['#/coupon']],
    ['an unknown field of an item', item({ colour: 'red' }), ['#/items/0/colour']],
    ['a customer_id that is a number', { ...articleOrder, customer_id: 1 }, ['#/customer_id']],
    ['items that are not a list', { ...articleOrder, items: { 0: first } }, ['#/items']],
    ['an item that is not an object', { ...articleOrder, items: ['P001'] }, ['#/items/0']],
    ['a quantity that is a string', item({ quantity: '2' }), ['#/items/0/quantity']],
    ['a price that is a string', item({ price: '29.99' }), ['#/items/0/price']],
    ['no items in the list', { ...articleOrder, items: [], total_amount: 0 }, ['#/items']],
    ['more than 100 items', { ...articleOrder, items: many, total_amount: 101 }, ['#/items']],
    ['a quantity of 0', item({ quantity: 0 }), ['#/items/0/quantity']],
    ['a negative quantity', item({ quantity: -1 }), ['#/items/0/quantity']],
    ['a fractional quantity', item({ quantity: 1.5 }), ['#/items/0/quantity']],
    ['a huge quantity', item({ quantity: 1e12 }), ['#/items/0/quantity']],
    ['a quantity beyond safe integers', item({ quantity: 2 ** 53 }), ['#/items/0/quantity']],
    ['a negative price', item({ price: -29.99 }), ['#/items/0/price']],
    ['a price with three decimals', item({ price: 29.999 }), ['#/items/0/price']],
    ['an empty customer_id', { ...articleOrder, customer_id: '' }, ['#/customer_id']],
    ['a blank customer_id', { ...articleOrder, customer_id: ' \t' }, ['#/customer_id']],
    ['a customer_id of 501 characters', { ...articleOrder, customer_id: 'x'.repeat(501) }, ['#/customer_id']],
    ['an empty address', { ...articleOrder, shipping_address: '' }, ['#/shipping_address']],
    ['a blank address', { ...articleOrder, shipping_address: ' \n' }, ['#/shipping_address']],
    ['an address of 501 characters', { ...articleOrder, shipping_address: 'x'.repeat(501) }, ['#/shipping_address']],
    ['a lone surrogate', { ...articleOrder, customer_id: 'a\ud800' }, ['#/customer_id']],
    ['an operator for a customer_id', { ...articleOrder, customer_id: { $gt: '' } }, ['#/customer_id']],
    ['an operator in a product_id', item({ product_id: '{"$gt":""}' }), ['#/items/0/product_id']],
    ['an operator for a quantity', item({ quantity: { $gt: 0 } }), ['#/items/0/quantity']],
    ['a __proto__ of its own', JSON.parse('{"__proto__": {"admin": true}}'), []],
  ])('rejects %s with 422 and names the field', async (_, body, pointers) => {
    const response = await expectRejected(422, () => post(body));
    const named = response.body.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(named).toEqual(expect.arrayContaining(pointers));
  });

  test('names every faulty field at once', async () => {
    const bad = { customer_id: '', items: [{ product_id: 'P001', quantity: 0, price: -1 }], extra: 1 };
    const response = await expectRejected(422, () => post(bad));
    expect(response.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(
      expect.arrayContaining([
        '#/customer_id',
        '#/items/0/quantity',
        '#/items/0/price',
        '#/shipping_address',
        '#/total_amount',
        '#/extra',
      ]),
    );
  });

  test('rejects a wrong total and names both numbers', async () => {
    const response = await expectRejected(422, () => post({ ...articleOrder, total_amount: 109.98 }));
    expect(response.body.detail).toContain('109.98');
    expect(response.body.detail).toContain('109.97');
  });

  test.each([
    ['no body', ''],
    ['text that is not JSON', '{"customer_id": '],
    ['JSON in single quotes', "{'customer_id': 'CUST001'}"],
    ['NaN', JSON.stringify(articleOrder).replace('109.97', 'NaN')],
  ])('rejects %s with 422', async (_, text) => {
    await expectRejected(422, () => postText(text));
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'application/json; charset=latin1'])(
    'rejects the content type %s with 415',
    async (type) => {
      await expectRejected(415, () => postText(JSON.stringify(articleOrder), { 'Content-Type': type }));
    },
  );

  test('rejects a body without a content type with 415', async () => {
    // Bytes, because fetch sets a content type for text.
    const body = new TextEncoder().encode(JSON.stringify(articleOrder));
    await expectRejected(415, () => request(on.url('order', '/orders'), { method: 'POST', body }));
  });

  test('rejects a body over the limit with 413', async () => {
    await expectRejected(413, () => post({ ...articleOrder, customer_id: 'x'.repeat(200_000) }));
  });

  test('rejects an Idempotency-Key of 256 characters with 422', async () => {
    await expectRejected(422, () => post(articleOrder, { 'Idempotency-Key': 'k'.repeat(256) }));
  });
});

test('query operators in strings are stored as plain text', async () => {
  const customer = '{"$gt":""}';
  const orderId = await placeOrder(on, { ...orderOf([first], customer), shipping_address: '$where: 1 == 1' });
  expect(await untilFinal(on, orderId)).toMatchObject({
    status: 'SHIPPED',
    customer_id: customer,
    shipping_address: '$where: 1 == 1',
  });
});

test('an order may contain the same product twice, and both lines are reserved', async () => {
  await putStock('TWICE', { quantity: 5, price: 2 });
  const twice = { product_id: 'TWICE', quantity: 2, price: 2 };
  expect(await untilFinal(on, await placeOrder(on, orderOf([twice, twice])))).toMatchObject({ status: 'SHIPPED' });
  expect((await getJson(on.url('inventory', '/inventory/TWICE'))).body.quantity).toBe(1);
  // The remaining stock is enough for each line alone, but not for both.
  const one = { ...twice, quantity: 1 };
  expect(await untilFinal(on, await placeOrder(on, orderOf([one, one])))).toMatchObject({ status: 'REFUNDED' });
  expect((await getJson(on.url('inventory', '/inventory/TWICE'))).body.quantity).toBe(1);
});

describe('PUT /inventory/{product_id}', () => {
  test.each([
    ['a negative quantity', 'P001', { quantity: -1, price: 1 }],
    ['a fractional quantity', 'P001', { quantity: 0.5, price: 1 }],
    ['no price', 'P001', { quantity: 1 }],
    ['a price with three decimals', 'P001', { quantity: 1, price: 0.001 }],
    ['an unknown field', 'P001', { quantity: 1, price: 1, name: 'x' }],
    ['an operator', 'P001', { quantity: { $inc: 1 }, price: 1 }],
    ['a malformed id', '%24set', { quantity: 1, price: 1 }],
  ])('rejects %s with 422', async (_, productId, body) => {
    await expectRejected(422, () => putStock(productId, body));
  });

  test.each([
    ['no token', ''],
    ['another token', 'Bearer correct horse battery stable'],
    ['the token in another scheme', `Basic ${operatorToken}`],
  ])("requires the operator's token, and rejects %s with 401", async (_, authorization) => {
    const before = await getJson(on.url('inventory', '/inventory/P001'));
    await expectRejected(401, () => putStock('P001', { quantity: 1, price: 1 }, authorization));
    expect((await getJson(on.url('inventory', '/inventory/P001'))).body).toEqual(before.body);
  });
});

test.each([
  ['/orders?limit=0', 'limit'],
  ['/orders?limit=101', 'limit'],
  ['/orders?limit=ten', 'limit'],
  ['/orders?cursor=yesterday', 'cursor'],
  ['/orders?status=LOST', 'status'],
  ['/orders?colour=red', 'colour'],
  ['/orders/not-an-id', 'order_id'],
  ['/orders/not-an-id/timeline', 'order_id'],
])('GET %s is rejected with 422', async (path, parameter) => {
  const response = await expectRejected(422, () => getJson(on.url('order', path)));
  expect(response.body.errors).toContainEqual(expect.objectContaining({ parameter }));
});

test('POST /orders/{order_id}/cancel rejects a malformed id with 422 and an unknown order with 404', async () => {
  const cancel = (id: string) => request(on.url('order', `/orders/${id}/cancel`), { method: 'POST' });
  const response = await expectRejected(422, () => cancel('not-an-id'));
  expect(response.body.errors).toContainEqual(expect.objectContaining({ parameter: 'order_id' }));
  await expectRejected(404, () => cancel('00000000-0000-4000-8000-000000000000'));
});

test('an unknown path returns 404, an unsupported method 405', async () => {
  await expectRejected(404, () => getJson(on.url('order', '/order')));
  const response = await expectRejected(405, () => request(on.url('order', '/orders'), { method: 'DELETE' }));
  expect(response.headers.get('allow')).toContain('POST');
});
