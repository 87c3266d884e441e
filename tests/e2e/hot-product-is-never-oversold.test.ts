/** Three replicas contend for one product and sell exactly the stock, never more. */
import { expect, test } from '@jest/globals';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, putJson } from '../support/http.ts';
import { orderOf, placeOrders, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ replicas: { inventory: 3 } });
const testLimitMs = 120_000;
const hot = { product_id: 'HOT', quantity: 1, price: 9.5 };

const replicas = () => on.pipeline.services.inventory;
const quantityAt = async (url: string): Promise<number> => (await getJson(`${url}/inventory/HOT`)).body.quantity;

test(
  '300 concurrent orders for 40 units over 3 replicas sell exactly 40, and no read shows a negative quantity',
  async () => {
    await putJson(on.url('inventory', '/inventory/HOT'), { quantity: 40, price: hot.price });
    await eventually(async () => {
      const consumed = await Promise.all(replicas().map(({ url }) => getJson(`${url}/metrics`)));
      // Otherwise one replica might process all the orders.
      expect(consumed.map(({ body }) => /consumer_group_joins_total\{.*\} [1-9]/.test(body))).toEqual([
        true,
        true,
        true,
      ]);
    });

    const reads: number[] = [];
    let selling = true;
    const watch = async (url: string): Promise<void> => {
      while (selling) reads.push(await quantityAt(url));
    };
    const watching = Promise.all(replicas().map(({ url }) => watch(url)));
    const ids = await placeOrders(on, 300, (number) => orderOf([hot], `CUST-${number}`), { clients: 300 });
    const ended = await Promise.all(ids.map((id) => untilFinal(on, id, testLimitMs)));
    selling = false;
    await watching;

    const count = (status: string, reason?: string): number =>
      ended.filter((order) => order.status === status && order.reason === reason).length;
    expect({ shipped: count('SHIPPED'), refunded: count('REFUNDED', 'INSUFFICIENT_STOCK') }).toEqual({
      shipped: 40,
      refunded: 260,
    });
    expect(Math.min(...reads)).toBe(0);
    expect(Math.max(...reads)).toBe(40);
    expect(await Promise.all(replicas().map(({ url }) => quantityAt(url)))).toEqual([0, 0, 0]);
    await expectConsistency(on, ids);
    // Each of the three has processed a part.
    for (const { url } of replicas()) {
      expect((await getJson(`${url}/metrics`)).body).toMatch(/events_consumed_total\{.*payment_processed.*\} [1-9]/);
    }
  },
  testLimitMs,
);

test(
  'a restart does not reset the stock',
  async () => {
    await placeOrders(on, 1, () => orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }]));
    await expectConsistency(on, []);
    await Promise.all(replicas().map((replica) => replica.stop()));
    await Promise.all(replicas().map((replica) => replica.start()));
    const { body } = await getJson(on.url('inventory', '/inventory'));
    expect(Object.fromEntries(body.items.map((each: any) => [each.product_id, each.quantity]))).toMatchObject({
      P001: 99,
      P002: 50,
      P003: 75,
    });
  },
  testLimitMs,
);
