import { describe, expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { Registry } from 'prom-client';
import { encodeEvent, factOf, sampleEvents, type PipelineEvent } from '@order-pipeline/events';
import { OutageError, quietLogger } from '@order-pipeline/resilience';
import { createMessagingMetrics } from '../metrics.ts';
import { OutageWait } from '../middleware/outage-wait.ts';
import { consumedRecord, type ConsumedRecord, type OutgoingRecord } from '../record.ts';
import { createBatchProcessor } from './batch-processor.ts';
import type { Handler } from './handler.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const orderId = (order: number): string => `018f8c1e-7a00-7000-8000-${String(order).padStart(12, '0')}`;
const placed = (order: number): PipelineEvent => sampleEvents(orderId(order)).placed;
const paid = (order: number): PipelineEvent => sampleEvents(orderId(order)).paid;
const numberOf = (event: PipelineEvent): number => Number(event.data.order_id.slice(-12));

let nextOffset = 0;
function record(value: string | Buffer | null, headers: KafkaMessage['headers'] = {}): ConsumedRecord {
  nextOffset += 1;
  const message: KafkaMessage = {
    key: Buffer.from('key'),
    value: value === null ? null : Buffer.from(value),
    headers,
    offset: String(nextOffset),
    timestamp: '1716033600000',
    attributes: 0,
  };
  return consumedRecord('order_placed', nextOffset % 12, message);
}
const recordOf = (order: number, headers: KafkaMessage['headers'] = {}): ConsumedRecord =>
  record(encodeEvent(placed(order)).value, headers);

/** Returns a payment for each placed order; what fails is up to the test. */
const paying: Handler = async (events) => events.map(({ event }) => paid(numberOf(event)));
const failingFor =
  (...poison: number[]): Handler =>
  async (events) => {
    if (events.some(({ event }) => poison.includes(numberOf(event)))) throw new TypeError('cannot be processed');
    return paying(events);
  };

function open(handler: Handler, { maxAttempts = 3, kafkaFailures = 0 } = {}) {
  const batches: number[][] = [];
  const sent: OutgoingRecord[] = [];
  const outages: (string | undefined)[] = [];
  const logged: object[] = [];
  const registry = new Registry();
  let failures = kafkaFailures;
  const send = async (records: readonly OutgoingRecord[]) => {
    failures -= 1;
    if (failures >= 0) throw new OutageError('kafka', new Error('no leader'));
    sent.push(...records);
    return records.map(() => ({ partition: 0, offset: '0' }));
  };
  const logger = { ...quietLogger, error: (fields: object) => void logged.push(fields) };
  const outageWait = new OutageWait({
    backoff: { firstMs: 1, maxMs: 2 },
    logger,
    onSignOfLife: () => void outages.push(outageWait.outage?.message),
  });
  const process = createBatchProcessor({
    consumerGroup: 'payment-service',
    handler: (events) => {
      batches.push(events.map(({ event }) => numberOf(event)));
      return handler(events);
    },
    publisher: { send },
    outages: outageWait,
    maxAttempts,
    retryBackoff: { firstMs: 1, maxMs: 2 },
    logger,
    metrics: createMessagingMetrics(registry),
  });
  const run = (records: readonly ConsumedRecord[], signal = new AbortController().signal) =>
    process({ records, signal });
  const outcomes = (): string[] =>
    sent
      .filter(({ topic }) => !topic.endsWith('.dlq'))
      .map(({ topic, key }) => `${topic} ${Number(String(key).slice(-12))}`);
  const deadLetters = () => sent.filter(({ topic }) => topic === 'payment-service.dlq');
  return { run, batches, sent, outages, logged, registry, outcomes, deadLetters };
}

describe('a batch', () => {
  test('is handled as a whole, and its outcomes are sent in the order in which the handler returned them', async () => {
    const { run, batches, outcomes } = open(paying);
    await run([recordOf(3), recordOf(1), recordOf(2), recordOf(1)]);
    expect(batches).toEqual([[3, 1, 2, 1]]);
    expect(outcomes()).toEqual([3, 1, 2, 1].map((order) => `payment_processed ${order}`));
  });

  test('gives the handler the place and the trace of each event', async () => {
    const seen: object[] = [];
    const { run } = open(async (events) => {
      seen.push(...events.map(({ event, topic, partition, offset }) => ({ event, topic, partition, offset })));
      return [];
    });
    const raw = recordOf(1, { traceparent: Buffer.from(traceparent) });
    await run([raw]);
    expect(seen).toEqual([
      {
        event: { ...placed(1), traceparent },
        topic: 'order_placed',
        partition: raw.partition,
        offset: raw.message.offset,
      },
    ]);
  });

  test.each([
    ['without a value', null],
    ['that is given twice', [Buffer.from(traceparent), Buffer.from('other')]],
  ])('takes a trace header %s as it comes', async (_, header) => {
    const { run, outcomes, deadLetters } = open(paying);
    await run([recordOf(1, { traceparent: header } as KafkaMessage['headers'])]);
    expect(outcomes()).toEqual(['payment_processed 1']);
    expect(deadLetters()).toEqual([]);
  });

  test('that causes nothing sends nothing', async () => {
    const { run, sent } = open(async () => []);
    await run([recordOf(1)]);
    expect(sent).toEqual([]);
  });

  test('of bad records alone does not call the handler', async () => {
    const { run, batches, deadLetters } = open(paying);
    await run([record('no json'), record(null)]);
    expect(batches).toEqual([]);
    expect(deadLetters()).toHaveLength(2);
  });
});

describe('a bad record', () => {
  test.each([
    ['is no JSON', '{"order_id":', 'not-json', 'InvalidEventError'],
    ['is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not-json', 'InvalidEventError'],
    ['is a tombstone', null, 'not-json', 'InvalidEventError'],
    ['is not of the schema', '{"order_id":"x"}', 'schema', 'InvalidEventError'],
  ])('that %s is dead-lettered with its bytes, and stops no other', async (_, value, kind, errorClass) => {
    const { run, outcomes, deadLetters, registry, logged } = open(paying);
    const headers = { ce_id: Buffer.from('id'), odd: Buffer.from([0xc3, 0x28]) };
    const bad = record(value, headers);
    await run([recordOf(1), bad, recordOf(2)]);
    expect(outcomes()).toEqual(['payment_processed 1', 'payment_processed 2']);
    const [deadLetter] = deadLetters();
    expect(deadLetter?.key).toBe(bad.message.key);
    expect(deadLetter?.value).toBe(bad.message.value);
    expect(deadLetter?.headers).toMatchObject({
      ...headers,
      'x-original-offset': bad.message.offset,
      'x-attempt': '1',
      'x-error-kind': kind,
      'x-error-class': errorClass,
    });
    expect(logged).toMatchObject([{ topic: 'order_placed', offset: bad.message.offset, kind, attempts: 1 }]);
    expect(await registry.metrics()).toContain(`events_dead_lettered_total{topic="order_placed",kind="${kind}"} 1`);
  });
});

describe('an event that the handler fails on', () => {
  test.each([1, 2, 3, 4, 5, 6, 7])('is found among seven, and dead-lettered alone: number %d', async (poison) => {
    const { run, outcomes, deadLetters } = open(failingFor(poison));
    const records = [1, 2, 3, 4, 5, 6, 7].map((order) => recordOf(order));
    await run(records);
    expect(outcomes()).toEqual(
      [1, 2, 3, 4, 5, 6, 7].filter((order) => order !== poison).map((order) => `payment_processed ${order}`),
    );
    expect(deadLetters()).toHaveLength(1);
    expect(deadLetters()[0]?.value).toBe(records[poison - 1]!.message.value);
    expect(deadLetters()[0]?.headers).toMatchObject({
      'x-error-kind': 'handler',
      'x-error-class': 'TypeError',
      'x-error-message': 'cannot be processed',
      'x-attempt': '3',
    });
  });

  test.each([1, 2, 5])('is attempted %d times on its own, and then dead-lettered', async (maxAttempts) => {
    const { run, batches, deadLetters } = open(failingFor(2), { maxAttempts });
    await run([recordOf(1), recordOf(2)]);
    expect(batches).toEqual([[1, 2], [1], ...Array.from({ length: maxAttempts }, () => [2])]);
    expect(deadLetters()[0]?.headers).toMatchObject({ 'x-attempt': String(maxAttempts) });
  });

  test('only once is processed by the retry', async () => {
    let failures = 2;
    const { run, outcomes, deadLetters } = open(async (events) => {
      failures -= 1;
      if (failures >= 0) throw new Error('once');
      return paying(events);
    });
    await run([recordOf(1)]);
    expect(outcomes()).toEqual(['payment_processed 1']);
    expect(deadLetters()).toEqual([]);
  });

  test('may be one of several: all are found', async () => {
    const { run, outcomes, deadLetters } = open(failingFor(2, 3, 8), { maxAttempts: 1 });
    await run([1, 2, 3, 4, 5, 6, 7, 8].map((order) => recordOf(order)));
    expect(outcomes()).toEqual([1, 4, 5, 6, 7].map((order) => `payment_processed ${order}`));
    expect(deadLetters()).toHaveLength(3);
  });

  test('by returning something that is no event is at fault itself', async () => {
    const broken = { ...paid(1), data: { ...paid(1).data, timestamp: 'yesterday' } } as PipelineEvent;
    const { run, deadLetters, outcomes } = open(
      async (events) => events.map(({ event }) => (numberOf(event) === 1 ? broken : paid(numberOf(event)))),
      { maxAttempts: 1 },
    );
    await run([recordOf(1), recordOf(2)]);
    expect(outcomes()).toEqual(['payment_processed 2']);
    expect(deadLetters()[0]?.headers).toMatchObject({ 'x-error-kind': 'handler' });
  });

  test('by throwing what is no error is dead-lettered with what it threw', async () => {
    const { run, deadLetters } = open(
      // eslint-disable-next-line prefer-promise-reject-errors
      () => Promise.reject('a text'),
      { maxAttempts: 1 },
    );
    await run([recordOf(1)]);
    expect(deadLetters()[0]?.headers).toMatchObject({ 'x-error-message': 'a text', 'x-error-class': 'Error' });
  });
});

describe('an outage', () => {
  test('of what the handler needs is waited out, and never counts as an attempt', async () => {
    let failures = 20;
    const { run, batches, outcomes, deadLetters, outages } = open(async (events) => {
      failures -= 1;
      if (failures >= 0) throw new OutageError('mongodb', new Error('no primary'));
      return paying(events);
    });
    await run([recordOf(1), recordOf(2)]);
    expect(outcomes()).toEqual(['payment_processed 1', 'payment_processed 2']);
    expect(deadLetters()).toEqual([]);
    expect(batches).toEqual(Array.from({ length: 21 }, () => [1, 2]));
    expect(outages).toEqual([...Array.from({ length: 20 }, () => 'mongodb unavailable: no primary'), undefined]);
  });

  test('of Kafka is waited out without calling the handler again', async () => {
    const { run, batches, outcomes, outages } = open(paying, { kafkaFailures: 5 });
    await run([recordOf(1)]);
    expect(batches).toEqual([[1]]);
    expect(outcomes()).toEqual(['payment_processed 1']);
    expect(outages).toHaveLength(6);
    expect(outages.at(-1)).toBeUndefined();
  });

  test('of Kafka delays dead letters too', async () => {
    const { run, deadLetters, logged } = open(paying, { kafkaFailures: 3 });
    await run([record('no json')]);
    expect(deadLetters()).toHaveLength(1);
    expect(logged).toHaveLength(1);
  });

  test('while a poison event is isolated dead-letters none of its neighbours', async () => {
    let calls = 0;
    const { run, outcomes, deadLetters } = open(async (events) => {
      calls += 1;
      if (calls > 1 && calls < 8) throw new OutageError('mongodb', new Error('no primary'));
      return failingFor(2)(events);
    });
    await run([recordOf(1), recordOf(2), recordOf(3)]);
    expect(outcomes()).toEqual(['payment_processed 1', 'payment_processed 3']);
    expect(deadLetters()).toHaveLength(1);
  });
});

describe('a signal', () => {
  const reason = new Error('the partition is lost');

  test('ends the wait for an outage: nothing is sent, nothing is dead-lettered', async () => {
    const stop = new AbortController();
    const { run, sent, outages } = open(async () => {
      if (outages.length === 3) stop.abort(reason);
      throw new OutageError('mongodb', new Error('no primary'));
    });
    await expect(run([recordOf(1)], stop.signal)).rejects.toBe(reason);
    expect(sent).toEqual([]);
  });

  test.each([1, 2, 3])('ends the isolation of a failing event before it is dead-lettered, at call %d', async (last) => {
    const stop = new AbortController();
    const { run, sent, batches } = open(
      async () => {
        if (batches.length === last) stop.abort(reason);
        throw new Error('cannot be processed');
      },
      { maxAttempts: 1 },
    );
    await expect(run([recordOf(1), recordOf(2)], stop.signal)).rejects.toBe(reason);
    expect(batches).toHaveLength(last);
    expect(sent).toEqual([]);
  });

  test('ends the wait for Kafka', async () => {
    const stop = new AbortController();
    const { run, sent, outages } = open(paying, { kafkaFailures: 1_000_000 });
    const running = run([recordOf(1)], stop.signal);
    const deadlineMs = performance.now() + 4_000;
    while (outages.length < 3 && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(sent).toEqual([]);
  });

  test('during an outage leaves the end of the outage to the next batch', async () => {
    const lost = new AbortController();
    let isUnavailable = true;
    const { run, outages } = open(async (events) => {
      if (isUnavailable) throw new OutageError('mongodb', new Error('no primary'));
      return paying(events);
    });
    const running = run([recordOf(1)], lost.signal);
    lost.abort(reason);
    await expect(running).rejects.toBe(reason);
    isUnavailable = false;
    await run([recordOf(1)]);
    expect(outages).toEqual(['mongodb unavailable: no primary', undefined]);
  });
});

test('processes every sample event', async () => {
  const all = Object.values(sampleEvents()) as PipelineEvent[];
  const seen: string[] = [];
  const { run, deadLetters } = open(async (events) => {
    seen.push(...events.map(({ event }) => factOf(event)));
    return [];
  });
  await run(all.map((event) => ({ ...record(encodeEvent(event).value), topic: event.type })));
  expect(seen).toEqual(all.map(factOf));
  expect(deadLetters()).toEqual([]);
});
