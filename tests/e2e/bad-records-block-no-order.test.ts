/**
 * A record that cannot be processed goes to the dead-letter queue of each group that reads its topic, unchanged and with the
 * error; the orders before and after it are processed.
 */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { IHeaders } from 'kafkajs';
import { defaultPartitions, eventTypes, services, type EventType } from '@order-pipeline/events';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson } from '../support/http.ts';
import { deadLetters, header, readTopic, type TopicRecord } from '../support/kafka-reader.ts';
import { articleOrder, orderOf, placeOrders } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const on = usePipeline();
const testLimitMs = 120_000;

const groupsOf = (topic: EventType): string[] =>
  Object.values(services)
    .filter(({ consumes }) => (consumes as readonly EventType[]).includes(topic))
    .map(({ consumerGroup }) => consumerGroup);

interface BadRecord {
  readonly topic: EventType;
  readonly kind: 'not-json' | 'schema' | 'handler';
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: IHeaders;
  readonly groups: readonly string[];
}

const headers = (): IHeaders => ({
  ce_id: randomUUID(),
  binary: Buffer.from([0, 255, 128, 10]),
  twice: [Buffer.from('first'), Buffer.from('second')],
  empty: Buffer.alloc(0),
});

const malformed: BadRecord[] = eventTypes.flatMap((topic) => [
  {
    topic,
    kind: 'not-json',
    key: Buffer.from([0xff, 0x00, 0x80, 0x0a]),
    value: Buffer.from([0x7b, 0xff, 0xfe, 0x00]),
    headers: headers(),
    groups: groupsOf(topic),
  },
  {
    topic,
    kind: 'schema',
    key: Buffer.from('not an order'),
    value: Buffer.from('{"order_id": "42", "status": "SURPRISING", "amount": {"$gt": ""}}'),
    headers: headers(),
    groups: groupsOf(topic),
  },
]);

/** Facts about orders that were never placed: only the order service can detect that, the other services ignore them. */
const unknownOrders: BadRecord[] = [
  { topic: 'payment_processed' as const, data: { status: 'DECLINED', amount_minor: 1, currency: 'USD', reason: 'X' } },
  {
    topic: 'inventory_updated' as const,
    data: { status: 'RELEASED', items: [{ product_id: 'P1', quantity: 1, price_minor: 1 }] },
  },
  {
    topic: 'shipment_processed' as const,
    data: {
      status: 'SHIPPED',
      shipment_id: randomUUID(),
      tracking_number: 'TRK-00000000',
      estimated_delivery: '2030-01-01T00:00:00.000Z',
    },
  },
].map(({ topic, data }) => {
  const order_id = randomUUID();
  return {
    topic,
    kind: 'handler',
    key: Buffer.from(order_id),
    value: Buffer.from(JSON.stringify({ order_id, timestamp: '2025-01-01T00:00:00.000Z', ...data })),
    headers: headers(),
    groups: ['order-service'],
  };
});

const badRecords = [...malformed, ...unknownOrders];

test(
  'bad records in each partition of each topic block no order, and each group that reads them dead-letters them',
  async () => {
    const good = (number: number) => orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }], `CUST-${number}`);
    const before = await placeOrders(on, 20, good);
    const producer = on.kafka.producer();
    await producer.connect();
    for (const { topic, key, value, headers } of badRecords) {
      const messages = Array.from({ length: defaultPartitions }, (_, partition) => ({
        partition,
        key,
        value,
        headers,
      }));
      await producer.send({ topic, messages });
    }
    await producer.disconnect();
    const after = await placeOrders(on, 20, good);
    await expectConsistency(on, [...before, ...after]);
    const orders = await on.mongo.db('order_db').collection('orders').find().toArray();
    expect(orders.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 'SHIPPED'));

    const sources = new Map<string, TopicRecord[]>();
    for (const topic of eventTypes) sources.set(topic, await readTopic(on.kafka, topic));
    for (const { consumerGroup } of Object.values(services)) {
      const records = await deadLetters(on.kafka, consumerGroup);
      const expected = badRecords
        .filter(({ groups }) => groups.includes(consumerGroup))
        .flatMap((bad) => expectedDeadLetters(bad, consumerGroup, sources.get(bad.topic)!));
      expect(inOrder(records.map(({ message: { key, value, headers } }) => ({ key, value, headers })))).toEqual(
        inOrder(expected),
      );
    }
  },
  testLimitMs,
);

/** The group's dead letters for a bad record that is in each partition of its topic once. */
function expectedDeadLetters(
  { topic, kind, headers }: BadRecord,
  group: string,
  records: readonly TopicRecord[],
): DeadLetter[] {
  const sources = records.filter(({ message }) => header(message, 'ce_id') === headers.ce_id);
  // A producer that got no response in time sends again: then a partition holds the record twice.
  expect(new Set(sources.map(({ partition }) => partition)).size).toBe(defaultPartitions);
  return sources.map(({ partition, message }) => ({
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      'x-original-topic': Buffer.from(topic),
      'x-original-partition': Buffer.from(String(partition)),
      'x-original-offset': Buffer.from(message.offset),
      'x-original-timestamp': Buffer.from(message.timestamp),
      'x-consumer-group': Buffer.from(group),
      'x-attempt': Buffer.from(kind === 'handler' ? '3' : '1'),
      'x-error-class': Buffer.from(kind === 'handler' ? 'Error' : 'InvalidEventError'),
      'x-error-message': expect.any(Buffer) as unknown as Buffer,
      'x-error-kind': Buffer.from(kind),
    },
  }));
}

interface DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders | undefined;
}

/** Each source record once: one that was redelivered before its commit is dead-lettered again. */
const inOrder = (records: readonly DeadLetter[]): DeadLetter[] =>
  [...new Map(records.map((record) => [originOf(record), record])).values()].toSorted((a, b) =>
    originOf(a).localeCompare(originOf(b)),
  );
const originOf = ({ headers }: DeadLetter): string =>
  ['topic', 'partition', 'offset'].map((name) => String(headers?.[`x-original-${name}`])).join(':');

test('each dead letter is counted by topic and kind of error', async () => {
  for (const { name, consumerGroup } of Object.values(services)) {
    const { body } = await getJson(on.url(name, '/metrics'));
    for (const { topic, kind, groups } of badRecords) {
      const line = new RegExp(`^events_dead_lettered_total\\{topic="${topic}",kind="${kind}",[^}]*\\} (\\d+)$`, 'm');
      const counted = Number(line.exec(body as string)?.[1] ?? 0);
      const all = groups.includes(consumerGroup) ? defaultPartitions : 0;
      expect({ name, topic, kind, all: all === 0 ? counted : Math.min(counted, all) }).toEqual({
        name,
        topic,
        kind,
        all,
      });
    }
  }
});

test("the article's order still ships", async () => {
  const [id] = await placeOrders(on, 1, () => articleOrder);
  await eventually(async () => {
    expect((await getJson(on.url('order', `/orders/${id}`))).body.status).toBe('SHIPPED');
  });
});
