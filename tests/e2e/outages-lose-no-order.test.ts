/** Kafka or MongoDB away for ten seconds: nobody gives up, nothing is lost, and POST /orders says what is so. */
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, type Answer } from '../support/http.ts';
import { deadLetters } from '../support/kafka-reader.ts';
import { expectExpectedOutcomes, mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { placeOrders } from '../support/orders.ts';
import { coreServices, usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ engines: 'own' });
const outageMs = 10_000;
/** POST is refused when it has not been confirmed for ORDER_ACCEPT_TIMEOUT_MS, 5 s unless set. */
const refusedWithinMs = 7_000;
const testLimitMs = 180_000;

const pids = (): (number | undefined)[] => coreServices.map((service) => on.pipeline.services[service][0]!.pid);

async function expectNoDeadLetters(): Promise<void> {
  for (const { consumerGroup } of Object.values(services)) {
    expect({ consumerGroup, letters: await deadLetters(on.kafka, consumerGroup) }).toEqual({
      consumerGroup,
      letters: [],
    });
  }
}

const live = async (): Promise<number[]> =>
  Promise.all(coreServices.map(async (service) => (await getJson(on.url(service, '/livez'))).status));

/** The services whose consumers say that they wait, to who probes and to who scrapes. */
async function inOutage(): Promise<string[]> {
  const told = await Promise.all(
    coreServices.map(async (service) => {
      const { body } = await getJson(on.url(service, '/readyz'));
      const metrics = await getJson<string>(on.url(service, '/metrics'));
      return body.checks.consumer.status === 'degraded' && /^consumer_in_outage\{.*\} 1$/m.test(metrics.body);
    }),
  );
  return coreServices.filter((_, index) => told[index]);
}

/** Places an order again and again, all through the outage, and answers with what each was told and after how long. */
async function placeUntil(endMs: number): Promise<(Answer & { readonly tookMs: number })[]> {
  const answers = [];
  for (let number = 0; performance.now() < endMs; number += 1) {
    const askedMs = performance.now();
    const answer = await postJson(on.url('order', '/orders'), mixedOrder(number));
    answers.push({ ...answer, tookMs: performance.now() - askedMs });
    await pause(200);
  }
  return answers;
}

/** Returns once orders flow; whoever places them insists through the outage, and `ids` are those that were accepted. */
async function beginFlow(): Promise<{ readonly ids: Promise<string[]> }> {
  const orders = on.mongo.db('order_db').collection('orders');
  const before = await orders.countDocuments();
  const ids = placeOrders(on, 100, mixedOrder, { clients: 4, pauseMs: 50 });
  await eventually(async () => expect(await orders.countDocuments()).toBeGreaterThan(before + 20));
  return { ids };
}

beforeAll(() => stockForMixedOrders(on));

test(
  'while Kafka is away orders are accepted with 201, and afterwards each of them reaches its end',
  async () => {
    const processes = pids();
    const flow = await beginFlow();
    await on.pipeline.kafka!.kill();
    const [answers] = await Promise.all([
      placeUntil(performance.now() + outageMs),
      eventually(async () => expect(await inOutage()).toEqual(coreServices), outageMs),
    ]);
    expect(answers.length).toBeGreaterThan(10);
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    // It still serves, and says what is wrong.
    expect(await getJson(on.url('order', '/readyz'))).toMatchObject({ status: 200, body: { status: 'degraded' } });
    expect(await live()).toEqual([200, 200, 200, 200]);

    await on.pipeline.kafka!.start();
    await expectConsistency(on, [...answers.map(({ body }) => body.order_id), ...(await flow.ids)]);
    await expectExpectedOutcomes(on);
    await expectNoDeadLetters();
    expect(pids()).toEqual(processes);
  },
  testLimitMs,
);

test(
  'while MongoDB is away orders are refused with 503, and afterwards whatever was stored reaches its end',
  async () => {
    const processes = pids();
    const flow = await beginFlow();
    await on.pipeline.mongo!.kill();
    const [answers] = await Promise.all([
      placeUntil(performance.now() + outageMs),
      eventually(async () => expect(await inOutage()).not.toEqual([]), outageMs),
    ]);
    for (const { status, headers, body, tookMs } of answers) {
      expect(status).toBe(503);
      expect(tookMs).toBeLessThan(refusedWithinMs);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({ status: 503, title: 'Service Unavailable', detail: expect.any(String) });
    }
    expect(answers.length).toBeGreaterThan(1);
    expect(await getJson(on.url('order', '/readyz'))).toMatchObject({ status: 503 });
    expect(await live()).toEqual([200, 200, 200, 200]);

    await on.pipeline.mongo!.start();
    await expectConsistency(on, await flow.ids);
    await expectExpectedOutcomes(on);
    await expectNoDeadLetters();
    expect(pids()).toEqual(processes);
  },
  testLimitMs,
);
