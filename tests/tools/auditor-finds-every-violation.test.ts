/** The auditor finds nothing wrong with a pipeline that is right, and each fault that is planted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Partitioners, type Admin } from 'kafkajs';
import { eventRetentionMs } from '@order-pipeline/events';
import { auditTool } from '../../tools/src/audit/tool.ts';
import { rules } from '../../tools/src/audit/audit.ts';
import { openDatabases, type Databases } from '../../tools/src/databases.ts';
import { dlq } from '../../tools/src/dlq/tool.ts';
import { untilIdle } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson } from '../support/http.ts';
import { readTopic } from '../support/kafka-reader.ts';
import { mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { orderOf, placeOrder, placeOrders, untilFinal, type NewOrder } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';
import { deadLetter } from './dead-letter.ts';
import { faults, longAgo, noFaults, type Kind, type Planted, type Planting } from './planted-faults.ts';
import { runTool, startTool } from './run-tool.ts';

/** Long enough to cancel an order whose stock is reserved. */
const on = usePipeline({ env: { SHIPMENT_PROCESSING_MS: '1500' } });

const auditAtRest = () => runTool(on, auditTool, '--json', '--younger-than', '0s', '--recheck-after', '50ms');

interface Violation {
  readonly rule: string;
  readonly subject: string;
  readonly detail: string;
}

function violationsIn(audit: { json(): any }): Violation[] {
  const found = audit.json().rules as { id: string; examples: Omit<Violation, 'rule'>[] }[];
  return found.flatMap(({ id, examples }) => examples.map((example) => ({ rule: id, ...example })));
}

const cancel = (orderId: string) => postJson(on.url('order', `/orders/${orderId}/cancel`), {});
const untilItIs = (status: string, orderId: string) =>
  eventually(async () => {
    const { body } = await getJson(on.url('order', `/orders/${orderId}?wait=${status}&timeout_ms=5000`));
    expect(body.status).toBe(status);
  });

const maxTries = 20;

/** Places such an order, again where something else came first, until one has come to that end. */
async function orderThatEnded(
  end: string,
  order: NewOrder,
  meanwhile = async (_orderId: string): Promise<unknown> => undefined,
): Promise<string> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const orderId = await placeOrder(on, order);
    await meanwhile(orderId);
    if ((await untilFinal(on, orderId)).status === end) return orderId;
  }
  throw new Error(`none of ${maxTries} orders ended ${end}`);
}

const parcel = orderOf([{ product_id: 'PLENTY', quantity: 2, price: 12.34 }]);
const declinedParcel = { ...parcel, customer_id: 'DECLINE-ME' };
const atAnotherPrice = orderOf([{ product_id: 'P001', quantity: 1, price: 1 }]);

const placeOneOf: Record<Exclude<Kind, 'dead-lettered'>, () => Promise<string>> = {
  shipped: () => orderThatEnded('SHIPPED', parcel),
  declined: () => orderThatEnded('PAYMENT_DECLINED', declinedParcel),
  refunded: () => orderThatEnded('REFUNDED', atAnotherPrice),
  // So late that everything has to be undone.
  cancelled: () =>
    orderThatEnded('CANCELLED', parcel, (id) =>
      getJson(on.url('order', `/orders/${id}?wait=RESERVED&timeout_ms=20000`)).then(() => cancel(id)),
    ),
  'cancelled before declined': () => orderThatEnded('CANCELLED', declinedParcel, cancel),
};

/** Orders that were cancelled after the inventory had passed by what they paid; their dead letters stand in their order. */
async function deadLettered(count: number): Promise<string[]> {
  await untilIdle(on);
  const inventory = on.pipeline.services.inventory[0]!;
  await inventory.stop();
  const ids = await placeOrders(on, count, () => parcel);
  await Promise.all(ids.map((id) => untilItIs('PAID', id)));
  for (const id of ids) await deadLetter(on, 'inventory-service', 'payment_processed', [id]);
  await inventory.start();
  await Promise.all(ids.map(cancel));
  await Promise.all(ids.map((id) => untilItIs('CANCELLED', id)));
  await runTool(on, dlq, 'discard', '--all');
  return ids;
}

const placed: string[] = [];

beforeAll(() => stockForMixedOrders(on));

test('beside a pipeline under load it finds nothing wrong', async () => {
  let audited = false;
  const auditing = async (): Promise<void> => {
    for (let audits = 0; audits < 3; audits += 1) {
      const audit = await runTool(on, auditTool, '--json', '--younger-than', '60s', '--recheck-after', '500ms');
      expect(violationsIn(audit)).toEqual([]);
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
  const planted: readonly Planted[] = [...faults, ...noFaults];
  const orders = {} as Record<Kind, string[]>;

  beforeAll(async () => {
    const count = (kind: Kind): number => planted.filter(({ of }) => of === kind).length;
    const placing = Object.entries(placeOneOf).map(async ([kind, place]) => {
      orders[kind as Kind] = await Promise.all(Array.from({ length: count(kind as Kind) }, place));
    });
    await Promise.all(placing);
    orders['dead-lettered'] = await deadLettered(count('dead-lettered'));
    await untilIdle(on);
    // Nobody is to repair what is planted.
    await Promise.all(Object.values(on.pipeline.services).flatMap((replicas) => replicas.map((each) => each.stop())));
  }, 120_000);

  test('it finds nothing wrong, and says what it went through', async () => {
    const audit = await auditAtRest();
    expect(violationsIn(audit)).toEqual([]);
    expect(audit.code).toBe(0);
    const { checked } = audit.json();
    expect(checked.letters).toBe(2);
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
    expect(out[0]).toMatch(/^No violation\. Went through 2 letters, \d+ events, \d+ orders/);
  });

  const restoring: (() => Promise<unknown>)[] = [];
  const restore = async (): Promise<void> => {
    for (const each of restoring.splice(0).toReversed()) await each();
  };
  /** Partitions of the events that were planted: those stay. */
  const sentTo = new Set<number>();

  const planting: Planting = {
    async change(_id, changes) {
      for (const [name, change] of Object.entries(changes)) {
        const where = openDatabases(on.mongo)[name as keyof Databases];
        const before = await where.findOne({ _id });
        restoring.push(() => (before ? where.replaceOne({ _id }, before, { upsert: true }) : where.deleteOne({ _id })));
        await (change ? where.updateOne({ _id }, change, { upsert: true }) : where.deleteOne({ _id }));
      }
    },
    async send({ topic, ...message }) {
      const producer = on.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await producer.connect();
      const [{ partition } = { partition: -1 }] = await producer.send({ topic, messages: [message] });
      if (topic === 'payment_processed') sentTo.add(partition);
      await producer.disconnect();
    },
    async loseLetter(orderId) {
      const letters = await readTopic(on.kafka, 'inventory-service.dlq');
      const { message } = letters.find(({ message }) => String(message.key) === orderId)!;
      await cut('inventory-service.dlq', () => Number(message.offset) + 1);
      restoring.push(() => deadLetter(on, 'inventory-service', 'payment_processed', [orderId]));
    },
  };

  type Offsets = Awaited<ReturnType<Admin['fetchTopicOffsets']>>[number];

  /** Deletes what stands before the offset that is answered for each partition. */
  async function cut(topic: string, beginning: (partition: Offsets) => number): Promise<void> {
    const admin = on.kafka.admin();
    await admin.connect();
    const partitions = (await admin.fetchTopicOffsets(topic)).map((each) => ({
      partition: each.partition,
      offset: String(beginning(each)),
    }));
    await admin.deleteTopicRecords({ topic, partitions });
    await admin.disconnect();
  }

  describe('with faults, each planted in an order of its own,', () => {
    const subjects = new Map<Planted, string>();
    let audit: Awaited<ReturnType<typeof auditAtRest>>;
    const foundIn = (each: Planted) =>
      violationsIn(audit)
        .filter(({ subject }) => subject === subjects.get(each))
        .map(({ rule, detail }) => ({ rule, detail }));

    beforeAll(async () => {
      const left = new Map(Object.entries(orders).map(([kind, ids]) => [kind, [...ids]]));
      for (const each of planted) {
        const subject = each.of === 'nobody' ? randomUUID() : (left.get(each.of)?.shift() ?? each.of);
        subjects.set(each, subject);
        await each.plant(subject, planting);
      }
      audit = await auditAtRest();
    }, 60_000);
    afterAll(async () => {
      await restore();
      await runTool(on, dlq, 'discard', '--all');
    }, 60_000);

    test.each(faults)('the rule $rule alone finds $what', (fault) => {
      expect(foundIn(fault)).toEqual([{ rule: fault.rule, detail: expect.stringMatching(fault.says) }]);
    });

    test.each(noFaults)('no rule finds $what', (noFault) => {
      expect(foundIn(noFault)).toEqual([]);
    });

    test('no rule finds anything else, and the exit code is 1', () => {
      expect(violationsIn(audit)).toHaveLength(faults.length);
      expect(audit).toMatchObject({ code: 1 });
      expect(audit.json().violations).toBe(faults.length);
    });

    test('every rule was seen to find something', () => {
      expect([...new Set(faults.map(({ rule }) => rule))].toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
    });
  });

  describe('with topics whose beginning is gone,', () => {
    beforeAll(async () => {
      const wholly = (partition: number): boolean => partition % 2 === 0 || sentTo.has(partition);
      await cut('payment_processed', ({ partition, low, high }) => {
        if (wholly(partition)) return Number(high);
        return partition === 1 ? Math.min(Number(low) + 1, Number(high)) : Number(low);
      });
      await cut('order_cancelled', ({ partition, low, high }) => Number(wholly(partition) ? high : low));
    }, 60_000);
    afterAll(restore);

    test('what they no longer hold is not missed', async () => {
      const audit = await auditAtRest();
      expect(violationsIn(audit)).toEqual([]);
      expect(audit.code).toBe(0);
    });

    test('what they should still hold is', async () => {
      const [ofThePlace, ofTheTime, ofTheSetting, tooOld] = orders.shipped as [string, string, string, string];
      const refunded = { topic: 'payment_processed', time: longAgo.toISOString(), partition: 0, offset: '1000000' };
      const cancelledAt = (time: Date) => ({ topic: 'order_cancelled', time: time.toISOString() });
      await planting.change(ofThePlace, { orders: { $set: { 'facts.payment_processed:REFUNDED': refunded } } });
      await planting.change(ofTheTime, {
        payments: {
          $set: {
            compensated: {
              type: 'payment_processed',
              data: { order_id: ofTheTime, status: 'REFUNDED', timestamp: new Date().toISOString() },
            },
          },
        },
      });
      const cancelled = 'facts.order_cancelled:CANCELLING';
      await planting.change(ofTheSetting, { orders: { $set: { [cancelled]: cancelledAt(longAgo) } } });
      const beforeRetention = new Date(longAgo.getTime() - eventRetentionMs);
      await planting.change(tooOld, { orders: { $set: { [cancelled]: cancelledAt(beforeRetention) } } });

      const found = violationsIn(await auditAtRest()).map(({ rule, subject }) => ({ rule, subject }));
      const expected = [ofThePlace, ofTheTime, ofTheSetting].map((subject) => ({
        rule: 'states-have-their-events',
        subject,
      }));
      expect(found.toSorted(bySubject)).toEqual(expected.toSorted(bySubject));
    });
  });
});

const bySubject = (a: { subject: string }, b: { subject: string }): number => (a.subject < b.subject ? -1 : 1);
