/** An order that cannot be fulfilled ends with its reason, refunded and without reserved stock. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { expectConsistency } from '../support/consistency.ts';
import { getJson, postJson, putJson } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder, untilFinal, type NewOrder } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ env: { PAYMENT_DECLINE_OVER: '500.00' } });
const item = { product_id: 'SHELF', quantity: 1, price: 10 };

beforeAll(() => putJson(on.url('inventory', '/inventory/SHELF'), { quantity: 100, price: item.price }));

async function finalStateOf(order: NewOrder): Promise<any> {
  const orderId = await placeOrder(on, order);
  await untilFinal(on, orderId);
  const [final, payment, shipment, timeline] = await Promise.all([
    getJson(on.url('order', `/orders/${orderId}`)),
    getJson(on.url('payment', `/payments/${orderId}`)),
    getJson(on.url('shipment', `/shipments/${orderId}`)),
    getJson(on.url('order', `/orders/${orderId}/timeline`)),
  ]);
  const states = timeline.body.steps.map(({ state }: { state: string }) => state);
  return { order: final.body, payment: payment.body, shipment: shipment.status, states };
}

describe('a payment is declined', () => {
  test.each([
    ['for the customer', orderOf([item], 'DECLINE-42'), 'CUSTOMER_DECLINED'],
    ['for an amount over the limit', orderOf([{ ...item, quantity: 51 }]), 'AMOUNT_OVER_LIMIT'],
  ])('%s, and the order ends as PAYMENT_DECLINED', async (_, order, reason) => {
    expect(await finalStateOf(order)).toMatchObject({
      order: { status: 'PAYMENT_DECLINED', reason },
      payment: { status: 'DECLINED', amount: order.total_amount, reason },
      shipment: 404,
      states: ['PENDING', 'PAYMENT_DECLINED'],
    });
  });

  test('but not for an amount equal to the limit', async () => {
    expect(await finalStateOf(orderOf([{ ...item, quantity: 50 }]))).toMatchObject({ order: { status: 'SHIPPED' } });
  });
});

describe('a reservation is rejected', () => {
  const scarce = { product_id: 'SCARCE', quantity: 3, price: 10 };
  beforeAll(() => putJson(on.url('inventory', '/inventory/SCARCE'), { quantity: 2, price: scarce.price }));

  test.each([
    ['when the stock is too low', orderOf([scarce]), 'INSUFFICIENT_STOCK'],
    ['when the stock of one line is too low', orderOf([item, scarce]), 'INSUFFICIENT_STOCK'],
    ['when a product is unknown', orderOf([item, { product_id: 'UNKNOWN', quantity: 1, price: 1 }]), 'UNKNOWN_PRODUCT'],
    ["when a price differs from the catalogue's", orderOf([item, { ...item, price: 9.99 }]), 'PRICE_CHANGED'],
  ])('%s, the stock stays the same, and the order ends as REFUNDED', async (_, order, reason) => {
    const before = await getJson(on.url('inventory', '/inventory'));
    expect(await finalStateOf(order)).toMatchObject({
      order: { status: 'REFUNDED', reason },
      payment: { status: 'REFUNDED', amount: order.total_amount, reason },
      shipment: 404,
      states: ['PENDING', 'PAID', 'REFUNDING', 'REFUNDED'],
    });
    expect((await getJson(on.url('inventory', '/inventory'))).body).toEqual(before.body);
  });
});

test('an order at the former price is refunded, one at the current price ships', async () => {
  await putJson(on.url('inventory', '/inventory/P100'), { quantity: 5, price: 3 });
  await putJson(on.url('inventory', '/inventory/P100'), { quantity: 5, price: 4 });
  expect(await finalStateOf(orderOf([{ product_id: 'P100', quantity: 1, price: 3 }]))).toMatchObject({
    order: { status: 'REFUNDED', reason: 'PRICE_CHANGED' },
  });
  expect(await finalStateOf(orderOf([{ product_id: 'P100', quantity: 1, price: 4 }]))).toMatchObject({
    order: { status: 'SHIPPED' },
  });
});

test('cancelling a shipped order returns 409 and changes nothing', async () => {
  const { order } = await finalStateOf(orderOf([item]));
  expect(order.status).toBe('SHIPPED');
  const url = on.url('order', `/orders/${order.order_id}`);
  expect(await postJson(`${url}/cancel`, undefined)).toMatchObject({ status: 409, body: { status: 'SHIPPED' } });
  expect((await getJson(url)).body).toEqual(order);
});

test("the article's order ships beside them, and the pipeline is consistent", async () => {
  expect(await finalStateOf(articleOrder)).toMatchObject({ order: { status: 'SHIPPED' }, shipment: 200 });
  await expectConsistency(on, []);
});
