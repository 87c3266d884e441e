/** A customer may cancel until the order ships: the charge is refunded and the stock released, each exactly once. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, putJson, type HttpResponse } from '../support/http.ts';
import { header, readTopic } from '../support/kafka-reader.ts';
import { articleOrder, orderOf, placeOrder, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ env: { SHIPMENT_PROCESSING_MS: '60000' } });

const cancel = (orderId: string): Promise<HttpResponse> =>
  postJson(on.url('order', `/orders/${orderId}/cancel`), undefined);
const stock = async (): Promise<unknown> => (await getJson(on.url('inventory', '/inventory'))).body;

beforeAll(() => putJson(on.url('inventory', '/inventory/EMPTY'), { quantity: 0, price: 1 }));

test('a reserved order is cancelled: 202, then CANCELLED, refunded, and its stock released', async () => {
  const before = await stock();
  const orderId = await placeOrder(on, articleOrder);
  const reserved = await getJson(on.url('order', `/orders/${orderId}?wait=RESERVED&timeout_ms=20000`));
  expect(reserved.body.status).toBe('RESERVED');
  expect(await stock()).not.toEqual(before);

  expect(await cancel(orderId)).toMatchObject({ status: 202, body: { order_id: orderId, status: 'CANCELLING' } });
  expect(await untilFinal(on, orderId)).toMatchObject({ status: 'CANCELLED' });
  expect((await getJson(on.url('payment', `/payments/${orderId}`))).body).toMatchObject({
    status: 'REFUNDED',
    amount: articleOrder.total_amount,
  });
  expect((await getJson(on.url('shipment', `/shipments/${orderId}`))).body.status).toBe('CANCELLED');
  await eventually(async () => expect(await stock()).toEqual(before));

  const again = await cancel(orderId);
  expect(again).toMatchObject({ status: 200, body: { order_id: orderId, status: 'CANCELLED' } });
  await eventually(async () => {
    const { body } = await getJson(on.url('order', `/orders/${orderId}/timeline`));
    const states = body.steps.map(({ state }: { state: string }) => state);
    expect(states.slice(0, 4)).toEqual(['PENDING', 'PAID', 'RESERVED', 'CANCELLING']);
    expect(states.slice(4).toSorted()).toEqual(['CANCELLED', 'REFUNDED', 'RELEASED']);
  });
});

test('orders cancelled right after they are placed end as CANCELLED, whichever event comes first', async () => {
  const ids: string[] = [];
  for (let number = 0; number < 30; number += 1) {
    const orderId = await placeOrder(on, articleOrder);
    expect((await cancel(orderId)).status).toBe(202);
    ids.push(orderId);
  }
  for (const id of ids) expect(await untilFinal(on, id)).toMatchObject({ status: 'CANCELLED' });
  await expectConsistency(on, ids);
});

test('cancelling an order in another final state returns 409, an unknown order 404, a malformed id 422', async () => {
  const declined = await placeOrder(on, orderOf(articleOrder.items, 'DECLINE-1'));
  await untilFinal(on, declined);
  expect(await cancel(declined)).toMatchObject({ status: 409, body: { status: 'PAYMENT_DECLINED' } });
  const refunded = await placeOrder(on, orderOf([{ product_id: 'EMPTY', quantity: 1, price: 1 }]));
  await untilFinal(on, refunded);
  expect(await cancel(refunded)).toMatchObject({ status: 409, body: { status: 'REFUNDED' } });
  expect(await cancel('00000000-0000-4000-8000-000000000000')).toMatchObject({ status: 404 });
  expect(await cancel('42')).toMatchObject({ status: 422 });
});

describe('while a service is down or a refund is pending', () => {
  const statusOf = async (orderId: string): Promise<string> =>
    (await getJson(on.url('order', `/orders/${orderId}`))).body.status;

  test('a CANCELLING order may be cancelled again: 202, and no second event', async () => {
    const [shipment] = on.pipeline.services.shipment;
    await shipment!.stop();
    const orderId = await placeOrder(on, articleOrder);
    const responses = [await cancel(orderId), await cancel(orderId), await cancel(orderId)];
    expect(responses.map(({ status, body }) => [status, body.status])).toEqual(
      responses.map(() => [202, 'CANCELLING']),
    );
    expect(responses[2]!.body).toMatchObject({ order_id: orderId, total_amount: articleOrder.total_amount });
    await shipment!.start();
    expect(await untilFinal(on, orderId)).toMatchObject({ status: 'CANCELLED' });
    const events = (await readTopic(on.kafka, 'order_cancelled')).filter(
      ({ message }) => String(message.key) === orderId,
    );
    expect(new Set(events.map(({ message }) => header(message, 'ce_id')))).toEqual(
      new Set([`${orderId}:order_cancelled:CANCELLING`]),
    );
    await expectConsistency(on, [orderId]);
  });

  test('cancelling a REFUNDING order returns 409, and the refund continues', async () => {
    const orderId = await placeOrder(on, orderOf([{ product_id: 'EMPTY', quantity: 1, price: 1 }], 'NOREFUND-1'));
    await eventually(async () => expect(await statusOf(orderId)).toBe('REFUNDING'));
    expect(await cancel(orderId)).toMatchObject({ status: 409, body: { status: 'REFUNDING' } });
    expect(await statusOf(orderId)).toBe('REFUNDING');
  });
});
