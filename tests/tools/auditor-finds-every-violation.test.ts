/** The auditor finds no violation in a consistent pipeline, and finds each planted one. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Partitioners, type Admin } from 'kafkajs';
import { eventRetentionMs } from '@order-pipeline/events';
import { auditTool } from '../../tools/src/audit/tool.ts';
import { rules } from '../../tools/src/audit/rules.ts';
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
import { legalStates, longAgo, violations, type Kind, type Planted, type Planting } from './audit-cases.ts';
import { runTool, startTool } from './run-tool.ts';

/** With the time to cancel an order whose stock is reserved. */
const on = usePipeline({ env: { SHIPMENT_PROCESSING_MS: '1500' } });

const auditIdlePipeline = () => runTool(on, auditTool, '--json', '--younger-than', '0s', '--recheck-after', '50ms');

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
const untilStatus = (status: string, orderId: string) =>
  eventually(async () => {
    const { body } = await getJson(on.url('order', `/orders/${orderId}?wait=${status}&timeout_ms=5000`));
    expect(body.status).toBe(status);
  });

const maxAttempts = 20;

/** Places such an order, repeatedly if another event comes first, until one ends as expected. */
async function orderThatEnded(
  end: string,
  order: NewOrder,
  meanwhile = async (_orderId: string): Promise<unknown> => undefined,
): Promise<string> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const orderId = await placeOrder(on, order);
    await meanwhile(orderId);
    if ((await untilFinal(on, orderId)).status === end) return orderId;
  }
  throw new Error(`none of ${maxAttempts} orders ended as ${end}`);
}

const plenty = orderOf([{ product_id: 'PLENTY', quantity: 2, price: 12.34 }]);
const declined = { ...plenty, customer_id: 'DECLINE-ME' };
const mispriced = orderOf([{ product_id: 'P001', quantity: 1, price: 1 }]);

const placeOneOf: Record<Exclude<Kind, 'dead-lettered'>, () => Promise<string>> = {
  shipped: () => orderThatEnded('SHIPPED', plenty),
  declined: () => orderThatEnded('PAYMENT_DECLINED', declined),
  refunded: () => orderThatEnded('REFUNDED', mispriced),
  // So late that everything must be compensated.
  cancelled: () =>
    orderThatEnded('CANCELLED', plenty, (id) =>
      getJson(on.url('order', `/orders/${id}?wait=RESERVED&timeout_ms=20000`)).then(() => cancel(id)),
    ),
  'cancelled before declined': () => orderThatEnded('CANCELLED', declined, cancel),
};

/** Orders that were cancelled after the inventory had dead-lettered their payment. */
async function deadLettered(count: number): Promise<string[]> {
  await untilIdle(on);
  const inventory = on.pipeline.services.inventory[0]!;
  await inventory.stop();
  const ids = await placeOrders(on, count, () => plenty);
  await Promise.all(ids.map((id) => untilStatus('PAID', id)));
  for (const id of ids) await deadLetter(on, 'inventory-service', 'payment_processed', [id]);
  await inventory.start();
  await Promise.all(ids.map(cancel));
  await Promise.all(ids.map((id) => untilStatus('CANCELLED', id)));
  await runTool(on, dlq, 'discard', '--all');
  return ids;
}

const placed: string[] = [];

beforeAll(() => stockForMixedOrders(on));

test('finds no violation in a pipeline under load', async () => {
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

describe('in an idle pipeline', () => {
  const planted: readonly Planted[] = [...violations, ...legalStates];
  const orders = {} as Record<Kind, string[]>;

  beforeAll(async () => {
    const count = (kind: Kind): number => planted.filter(({ of }) => of === kind).length;
    const placing = Object.entries(placeOneOf).map(async ([kind, place]) => {
      orders[kind as Kind] = await Promise.all(Array.from({ length: count(kind as Kind) }, place));
    });
    await Promise.all(placing);
    orders['dead-lettered'] = await deadLettered(count('dead-lettered'));
    await untilIdle(on);
    // So that no service repairs what is planted.
    await Promise.all(Object.values(on.pipeline.services).flatMap((replicas) => replicas.map((each) => each.stop())));
  }, 120_000);

  test('finds no violation, and reports what it has read', async () => {
    const audit = await auditIdlePipeline();
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

  test('audits repeatedly and exposes metrics', async () => {
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
    expect(out[0]).toMatch(/^No violation\. Checked 2 dead letters, \d+ events, \d+ orders/);
  });

  const restoring: (() => Promise<unknown>)[] = [];
  const restore = async (): Promise<void> => {
    for (const each of restoring.splice(0).toReversed()) await each();
  };
  /** Partitions of the planted events, which remain in their topic. */
  const plantedIn = new Set<number>();

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
      if (topic === 'payment_processed') plantedIn.add(partition);
      await producer.disconnect();
    },
    async deleteDeadLetter(orderId) {
      const records = await readTopic(on.kafka, 'inventory-service.dlq');
      const { message } = records.find(({ message }) => String(message.key) === orderId)!;
      await deleteBefore('inventory-service.dlq', () => Number(message.offset) + 1);
      restoring.push(() => deadLetter(on, 'inventory-service', 'payment_processed', [orderId]));
    },
  };

  type Offsets = Awaited<ReturnType<Admin['fetchTopicOffsets']>>[number];

  /** Deletes the records before the offset that `start` returns for each partition. */
  async function deleteBefore(topic: string, start: (partition: Offsets) => number): Promise<void> {
    const admin = on.kafka.admin();
    await admin.connect();
    const partitions = (await admin.fetchTopicOffsets(topic)).map((each) => ({
      partition: each.partition,
      offset: String(start(each)),
    }));
    await admin.deleteTopicRecords({ topic, partitions });
    await admin.disconnect();
  }

  describe('with planted violations, each in an order of its own,', () => {
    const subjects = new Map<Planted, string>();
    let audit: Awaited<ReturnType<typeof auditIdlePipeline>>;
    const foundIn = (each: Planted) =>
      violationsIn(audit)
        .filter(({ subject }) => subject === subjects.get(each))
        .map(({ rule, detail }) => ({ rule, detail }));

    beforeAll(async () => {
      const left = new Map(Object.entries(orders).map(([kind, ids]) => [kind, [...ids]]));
      for (const each of planted) {
        const subject = each.of === 'no order' ? randomUUID() : (left.get(each.of)?.shift() ?? each.of);
        subjects.set(each, subject);
        await each.plant(subject, planting);
      }
      audit = await auditIdlePipeline();
    }, 60_000);
    afterAll(async () => {
      await restore();
      await runTool(on, dlq, 'discard', '--all');
    }, 60_000);

    test.each(violations)('only the rule $rule finds $what', (violation) => {
      expect(foundIn(violation)).toEqual([{ rule: violation.rule, detail: expect.stringMatching(violation.detail) }]);
    });

    test.each(legalStates)('no rule finds $what', (legal) => {
      expect(foundIn(legal)).toEqual([]);
    });

    test('no rule finds anything else, and the exit code is 1', () => {
      expect(violationsIn(audit)).toHaveLength(violations.length);
      expect(audit).toMatchObject({ code: 1 });
      expect(audit.json().violations).toBe(violations.length);
    });

    test('every rule has found a violation', () => {
      expect([...new Set(violations.map(({ rule }) => rule))].toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
    });
  });

  describe('with topics whose oldest records are deleted,', () => {
    beforeAll(async () => {
      const isEmptied = (partition: number): boolean => partition % 2 === 0 || plantedIn.has(partition);
      await deleteBefore('payment_processed', ({ partition, low, high }) => {
        if (isEmptied(partition)) return Number(high);
        return partition === 1 ? Math.min(Number(low) + 1, Number(high)) : Number(low);
      });
      await deleteBefore('order_cancelled', ({ partition, low, high }) => Number(isEmptied(partition) ? high : low));
    }, 60_000);
    afterAll(restore);

    test('does not report events that have expired', async () => {
      const audit = await auditIdlePipeline();
      expect(violationsIn(audit)).toEqual([]);
      expect(audit.code).toBe(0);
    });

    test('reports missing events that cannot have expired', async () => {
      const [byOffset, byTime, byRetention, tooOld] = orders.shipped as [string, string, string, string];
      const refunded = { topic: 'payment_processed', time: longAgo.toISOString(), partition: 0, offset: '1000000' };
      const cancelledAt = (time: Date) => ({ topic: 'order_cancelled', time: time.toISOString() });
      await planting.change(byOffset, { orders: { $set: { 'facts.payment_processed:REFUNDED': refunded } } });
      await planting.change(byTime, {
        payments: {
          $set: {
            compensated: {
              type: 'payment_processed',
              data: { order_id: byTime, status: 'REFUNDED', timestamp: new Date().toISOString() },
            },
          },
        },
      });
      const cancelled = 'facts.order_cancelled:CANCELLING';
      await planting.change(byRetention, { orders: { $set: { [cancelled]: cancelledAt(longAgo) } } });
      const beforeRetention = new Date(longAgo.getTime() - eventRetentionMs);
      await planting.change(tooOld, { orders: { $set: { [cancelled]: cancelledAt(beforeRetention) } } });

      const found = violationsIn(await auditIdlePipeline()).map(({ rule, subject }) => ({ rule, subject }));
      const expected = [byOffset, byTime, byRetention].map((subject) => ({
        rule: 'states-have-their-events',
        subject,
      }));
      expect(found.toSorted(bySubject)).toEqual(expected.toSorted(bySubject));
    });
  });
});

const bySubject = (a: { subject: string }, b: { subject: string }): number => (a.subject < b.subject ? -1 : 1);
