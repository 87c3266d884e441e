/** A stuck order is reported: in the list, as a metric, and in a log line that names the lagging group and its lag. */
import { expect, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { eventually } from '../support/eventually.ts';
import { getJson } from '../support/http.ts';
import { articleOrder, placeOrder, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ env: { ORDER_STUCK_AFTER_MS: '1000', ORDER_STUCK_CHECK_MS: '1000' } });

async function stuckIds(): Promise<string[]> {
  const { body } = await getJson(on.url('order', '/orders?stuck=true'));
  return body.items.map(({ order_id }: { order_id: string }) => order_id);
}

/** The samples of the metric, by the group and the topic that the orders wait for. */
async function stuckMetric(): Promise<string[]> {
  const { body } = await getJson<string>(on.url('order', '/metrics'));
  return body
    .split('\n')
    .filter((line) => line.startsWith('orders_stuck{'))
    .map((line) => line.replace(/,service="order"/u, ''));
}

function logged(): { readonly msg: string; readonly order_id?: string; readonly lag?: number }[] {
  return on
    .logOf('order-1')
    .split('\n')
    .filter((line) => line.includes('orders are stuck'))
    .map((line) => JSON.parse(line) as ReturnType<typeof logged>[number]);
}

const expectNothingStuck = (): Promise<void> =>
  eventually(async () => {
    expect(await stuckIds()).toEqual([]);
    expect(await stuckMetric()).toEqual([]);
  });

test('an order is reported as stuck while the payment service is down, and no longer once it runs again', async () => {
  const [payment] = on.pipeline.services.payment;
  const moving = await placeOrder(on, articleOrder);
  await untilFinal(on, moving);
  // On a busy machine it may have been stuck for a second.
  await expectNothingStuck();

  await payment!.stop();
  const orderId = await placeOrder(on, articleOrder);
  const { consumerGroup } = services.payment;
  await eventually(async () => {
    expect(await stuckIds()).toEqual([orderId]);
    expect(await stuckMetric()).toEqual([`orders_stuck{consumer_group="${consumerGroup}",topic="order_placed"} 1`]);
    expect(logged().at(-1)).toMatchObject({
      level: 'warn',
      orders: 1,
      consumer_group: consumerGroup,
      topic: 'order_placed',
      order_id: orderId,
      state: 'PENDING',
    });
  });
  expect(logged().at(-1)!.lag).toBeGreaterThanOrEqual(1);

  await payment!.start();
  expect((await untilFinal(on, orderId)).status).toBe('SHIPPED');
  await expectNothingStuck();
});
