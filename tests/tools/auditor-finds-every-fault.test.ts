/** Promise 9: the auditor finds nothing wrong with a pipeline that is right, and each fault that is planted. */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Partitioners } from 'kafkajs';
import { encodeEvent } from '@order-pipeline/events';
import { deadLetterHeaders } from '@order-pipeline/messaging';
import { auditTool } from '../../tools/src/audit/tool.ts';
import { rules } from '../../tools/src/audit/audit.ts';
import { dlq } from '../../tools/src/dlq/tool.ts';
import { untilAtRest } from '../support/books.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson } from '../support/http.ts';
import { mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilEnd } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';
import { runTool, startTool } from './run-tool.ts';

/** Long enough to cancel an order whose stock is reserved. */
const on = usePipeline({ env: { SHIPMENT_PROCESSING_MS: '1500' } });

const auditAtRest = () => runTool(on, auditTool, '--json', '--younger-than', '0s', '--recheck-after', '50ms');

interface Found {
  readonly id: string;
  readonly violations: number;
  readonly examples: readonly { readonly subject: string; readonly detail: string }[];
}
const violated = (audit: { json(): any }): Found[] =>
  (audit.json().rules as Found[]).filter(({ violations }) => violations > 0);

const cancel = (orderId: string) => postJson(on.url('order', `/orders/${orderId}/cancel`), {});

/** An order that was cancelled when its stock was reserved, so that everything has to be undone. */
async function cancelledLate(): Promise<string> {
  for (;;) {
    const orderId = await placeOrder(on, orderOf([{ product_id: 'PLENTY', quantity: 2, price: 12.34 }]));
    await getJson(on.url('order', `/orders/${orderId}?wait=RESERVED&timeout_ms=20000`));
    await cancel(orderId);
    if ((await untilEnd(on, orderId)).status === 'CANCELLED') return orderId;
  }
}

const placed: string[] = [];

test('beside a pipeline under load it finds nothing wrong', async () => {
  await stockForMixedOrders(on);
  let audited = false;
  const auditing = async (): Promise<void> => {
    for (let audits = 0; audits < 3; audits += 1) {
      const audit = await runTool(on, auditTool, '--json', '--younger-than', '60s', '--recheck-after', '500ms');
      expect(violated(audit)).toEqual([]);
      expect(audit.code).toBe(0);
    }
  };
  const loading = async (): Promise<void> => {
    while (!audited) {
      const ids = await placeOrders(on, 40, (number) => mixedOrder(placed.length + number), { clients: 8 });
      placed.push(...ids);
      await Promise.all(ids.filter((_, index) => index % 7 === 0).map(cancel));
    }
  };
  await Promise.all([auditing().finally(() => (audited = true)), loading()]);
  expect(placed.length).toBeGreaterThan(40);
}, 120_000);

describe('at rest', () => {
  const order = { shipped: '', declined: '', refunded: '', cancelled: '' };

  beforeAll(async () => {
    order.shipped = await placeOrder(on, articleOrder);
    order.declined = await placeOrder(on, orderOf(articleOrder.items, 'DECLINE-ME'));
    order.refunded = await placeOrder(on, orderOf([{ product_id: 'P001', quantity: 1, price: 1 }]));
    order.cancelled = await cancelledLate();
    await untilAtRest(on);
    // Nobody is to repair what is planted.
    await Promise.all(Object.values(on.pipeline.services).flatMap((replicas) => replicas.map((each) => each.stop())));
  }, 120_000);

  test('it finds nothing wrong, and says what it went through', async () => {
    const audit = await auditAtRest();
    expect(violated(audit)).toEqual([]);
    expect(audit.code).toBe(0);
    const { checked } = audit.json();
    expect(checked.letters).toBe(0);
    for (const source of ['orders', 'payments', 'ledger', 'shipments']) {
      // A declined order has no shipment.
      expect(checked[source]).toBeGreaterThan(source === 'shipments' ? placed.length / 2 : placed.length);
    }
    expect(checked.events).toBeGreaterThan(2 * placed.length);
  });

  test('it can go on and on, and tell Prometheus', async () => {
    const stopping = new AbortController();
    const often = ['--every', '100ms', '--metrics-port', '0', '--younger-than', '0s', '--recheck-after', '50ms'];
    const { out, err, ended } = startTool(on, auditTool, stopping.signal, ...often);
    await eventually(() => expect(out.length).toBeGreaterThan(1));
    const [url] = /http\S+/.exec(err[0]!)!;
    const { body } = await getJson(url);
    for (const { id } of rules) expect(body).toContain(`audit_violations{rule="${id}"} 0\n`);
    const valueOf = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
    expect(Date.now() / 1_000 - valueOf('audit_last_run_timestamp_seconds')).toBeLessThan(60);
    expect(valueOf('audit_duration_seconds')).toBeGreaterThan(0);
    expect(valueOf('audit_failures_total')).toBe(0);
    stopping.abort();
    expect((await ended).code).toBe(0);
    expect(out[0]).toMatch(/^No violation\. Went through 0 letters, \d+ events, \d+ orders/);
  });

  const collection = (database: string, name: string) => on.mongo.db(database).collection<any>(name);
  const orders = () => collection('order_db', 'orders');
  const ledger = () => collection('gateway_db', 'ledger');
  const inventory = () => collection('inventory_db', 'inventory');
  const updates = () => collection('inventory_db', 'updates');
  const shipments = () => collection('shipment_db', 'shipments');

  const restoring: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const restore of restoring.splice(0).toReversed()) await restore();
  });

  /** Changes a document, until the end of the test. */
  async function plant(where: ReturnType<typeof collection>, _id: string, change: object): Promise<void> {
    const before = await where.findOne({ _id });
    if (!before) throw new Error(`${where.collectionName} has no ${_id}`);
    restoring.push(() => where.replaceOne({ _id }, before));
    await where.updateOne({ _id }, change);
  }

  async function plantNew(
    where: ReturnType<typeof collection>,
    document: { _id: string; [field: string]: unknown },
  ): Promise<void> {
    restoring.push(() => where.deleteOne({ _id: document._id }));
    await where.insertOne(document);
  }

  async function send(topic: string, message: object): Promise<void> {
    const producer = on.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages: [message as never] });
    await producer.disconnect();
  }

  const longAgo = new Date(Date.now() - 3_600_000);

  /** What is planted, and what the rule says of it. */
  const corruptions: Record<string, { plant: () => Promise<unknown>; subject: () => string; detail: RegExp }> = {
    'orders-come-to-an-end': {
      plant: () => plant(orders(), order.declined, { $set: { status: 'PENDING' } }),
      subject: () => order.declined,
      detail: /is PENDING since .*; npm run order -- why/,
    },
    'outbox-is-relayed': {
      plant: () =>
        plant(orders(), order.shipped, {
          $set: { outbox: [{ fact: 'order_placed:PENDING', at: longAgo, event: {} }] },
        }),
      subject: () => order.shipped,
      detail: /order_placed:PENDING is not published since/,
    },
    'charged-once': {
      plant: () =>
        plantNew(ledger(), {
          _id: `${order.shipped}:charge:again`,
          order_id: order.shipped,
          kind: 'charge',
          outcome: 'captured',
          amount_minor: 109_97,
        }),
      subject: () => order.shipped,
      detail: /109\.97 were captured under the key .*:charge:again/,
    },
    'refunds-within-charges': {
      plant: () => plant(ledger(), `${order.refunded}:refund`, { $inc: { amount_minor: 1 } }),
      subject: () => order.refunded,
      detail: /1\.01 were refunded under the key .*:refund, 1\.00 were captured/,
    },
    'money-balances': {
      plant: async () => {
        const refund = await ledger().findOne({ _id: `${order.refunded}:refund` });
        restoring.push(() => ledger().insertOne(refund));
        await ledger().deleteOne({ _id: refund._id });
      },
      subject: () => order.refunded,
      detail: /is REFUNDED over 1\.00, captured 1\.00, refunded 0\.00/,
    },
    'stock-balances': {
      plant: () => plant(inventory(), 'P003', { $inc: { quantity: 1 } }),
      subject: () => 'P003',
      detail: /76 on hand, 75 by the books/,
    },
    'stock-not-negative': {
      plant: async () => {
        await plantNew(updates(), { _id: 'set:planted', kind: 'set', product_id: 'P003', delta: -80 });
        await plant(inventory(), 'P003', { $inc: { quantity: -80 } });
      },
      subject: () => 'P003',
      detail: /-5 on hand/,
    },
    'stock-is-held-for-orders': {
      plant: () => plant(updates(), order.refunded, { $set: { status: 'RESERVED' } }),
      subject: () => order.refunded,
      detail: /is REFUNDED, and its stock is reserved/,
    },
    'shipped-orders-have-a-parcel': {
      plant: () => plant(shipments(), order.shipped, { $set: { status: 'PROCESSING' } }),
      subject: () => order.shipped,
      detail: /is SHIPPED, its shipment is PROCESSING/,
    },
    'parcels-have-a-shipped-order': {
      plant: () => plant(shipments(), order.cancelled, { $set: { status: 'SHIPPED' } }),
      subject: () => order.cancelled,
      detail: /has a parcel that has gone, the order is CANCELLED/,
    },
    'states-have-their-events': {
      plant: () =>
        plant(updates(), order.refunded, {
          $set: {
            released: {
              type: 'inventory_updated',
              data: { order_id: order.refunded, status: 'RELEASED', timestamp: longAgo.toISOString(), items: [] },
            },
          },
        }),
      subject: () => order.refunded,
      detail: /inventory_updated:RELEASED of .* is not in its topic/,
    },
    'events-have-their-effects': {
      plant: () => plant(orders(), order.cancelled, { $unset: { 'facts.inventory_updated:RELEASED': 1 } }),
      subject: () => order.cancelled,
      detail: /inventory_updated:RELEASED at inventory_updated\/\d+\/\d+ has no effect at order-service/,
    },
    'dead-letters-are-resolved': {
      plant: async () => {
        await send('payment-service.dlq', {
          key: order.shipped,
          value: 'not what it was',
          headers: { [deadLetterHeaders.topic]: 'order_placed', [deadLetterHeaders.errorKind]: 'not-json' },
        });
        restoring.push(() => runTool(on, dlq, 'discard', '--all'));
      },
      subject: () => order.shipped,
      detail: /waits for a decision; npm run dlq -- show payment-service\/0\/\d+/,
    },
    // Last, because what is in a topic stays there.
    'events-have-their-states': {
      plant: () => {
        const { topic, ...message } = encodeEvent({
          type: 'payment_processed',
          data: {
            order_id: order.shipped,
            status: 'REFUNDED',
            amount_minor: 109_97,
            currency: 'USD',
            timestamp: longAgo.toISOString(),
            reason: 'PLANTED',
          },
        });
        return send(topic, message);
      },
      subject: () => order.shipped,
      detail: /payment_processed:REFUNDED at payment_processed\/\d+\/\d+ tells what its service does not know/,
    },
  };

  test.each(Object.entries(corruptions))(
    'a fault makes exactly the rule %s fire',
    async (id, { plant, subject, detail }) => {
      await plant();
      const audit = await auditAtRest();
      expect(violated(audit)).toEqual([
        expect.objectContaining({
          id,
          violations: 1,
          examples: [{ subject: subject(), detail: expect.stringMatching(detail) }],
        }),
      ]);
      expect(audit.code).toBe(1);
    },
  );

  test('every rule was seen to fire', () => {
    expect(Object.keys(corruptions).toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });
});
