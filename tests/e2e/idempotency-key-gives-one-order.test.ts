/** A client that repeats a request with its Idempotency-Key gets the same response, and one order. */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { expectConsistency } from '../support/consistency.ts';
import { postJson, type HttpResponse } from '../support/http.ts';
import { articleOrder, orderOf, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ replicas: { order: 2 } });

const post = (body: unknown, key?: string, replica = 0): Promise<HttpResponse> =>
  postJson(
    `${on.pipeline.services.order[replica]!.url}/orders`,
    body,
    key === undefined ? {} : { 'Idempotency-Key': key },
  );
const countOrders = (): Promise<number> => on.mongo.db('order_db').collection('orders').countDocuments();

test('the same key and body return the same order and status, also after it shipped', async () => {
  const key = randomUUID();
  const first = await post(articleOrder, key);
  expect(first.status).toBe(201);
  await untilFinal(on, first.body.order_id);
  const again = await post(articleOrder, key, 1);
  expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: first.body });
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
});

test('the same key with another body is rejected with 422', async () => {
  const key = randomUUID();
  const first = await post(articleOrder, key);
  expect(first.status).toBe(201);
  const before = await countOrders();
  const other = await post(orderOf([{ product_id: 'P003', quantity: 1, price: 19.99 }]), key);
  expect(other).toMatchObject({ status: 422, body: { errors: [{ parameter: 'Idempotency-Key' }] } });
  expect(await countOrders()).toBe(before);
});

test('fifty concurrent requests with the same key, on two replicas, create one order', async () => {
  const before = await countOrders();
  const key = randomUUID();
  const responses = await Promise.all(Array.from({ length: 50 }, (_, index) => post(articleOrder, key, index % 2)));
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201));
  expect(new Set(responses.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(await countOrders()).toBe(before + 1);
});

test('fifty concurrent requests with the same key and two bodies create one order, and the other body is rejected', async () => {
  const before = await countOrders();
  const key = randomUUID();
  const other = orderOf([{ product_id: 'P003', quantity: 1, price: 19.99 }]);
  const responses = await Promise.all(
    Array.from({ length: 50 }, (_, index) => post(index % 2 === 0 ? articleOrder : other, key, (index >> 1) % 2)),
  );
  const statuses = Object.groupBy(responses, ({ status }) => String(status));
  expect(Object.keys(statuses).toSorted()).toEqual(['201', '422']);
  expect(statuses['201']).toHaveLength(25);
  expect(new Set(statuses['201']!.map(({ body }) => body.order_id)).size).toBe(1);
  expect(await countOrders()).toBe(before + 1);
});

test('without the header every request creates an order', async () => {
  const responses = [await post(articleOrder), await post(articleOrder), await post(articleOrder, undefined, 1)];
  expect(new Set(responses.map(({ body }) => body.order_id)).size).toBe(3);
});

test('each of these orders was charged once', async () => {
  await expectConsistency(on, []);
});
