/** Kafka or MongoDB is down for ten seconds: the services wait and lose nothing, and POST /orders is accepted or rejected. */
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, type HttpResponse } from '../support/http.ts';
import { deadLetters } from '../support/kafka-reader.ts';
import { expectExpectedOutcomes, mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { placeOrders } from '../support/orders.ts';
import { coreServices, usePipeline } from '../support/pipeline.ts';

const on = usePipeline({ engines: 'own' });
const outageMs = 10_000;
/** POST returns 503 when it is not confirmed within ORDER_ACCEPT_TIMEOUT_MS, 5 s by default. */
const rejectedWithinMs = 7_000;
const testLimitMs = 180_000;

const pids = (): (number | undefined)[] => coreServices.map((service) => on.pipeline.services[service][0]!.pid);

async function expectNoDeadLetters(): Promise<void> {
  for (const { consumerGroup } of Object.values(services)) {
    expect({ consumerGroup, records: await deadLetters(on.kafka, consumerGroup) }).toEqual({
      consumerGroup,
      records: [],
    });
  }
}

const live = async (): Promise<number[]> =>
  Promise.all(coreServices.map(async (service) => (await getJson(on.url(service, '/livez'))).status));

/** The services whose consumers report an outage, in /readyz and in their metrics. */
async function inOutage(): Promise<string[]> {
  const reported = await Promise.all(
    coreServices.map(async (service) => {
      const { body } = await getJson(on.url(service, '/readyz'));
      const metrics = await getJson<string>(on.url(service, '/metrics'));
      return body.checks.consumer.status === 'degraded' && /^consumer_in_outage\{.*\} 1$/m.test(metrics.body);
    }),
  );
  return coreServices.filter((_, index) => reported[index]);
}

/** Places orders until `endMs` and returns each response with the time that it took. */
async function placeUntil(endMs: number): Promise<(HttpResponse & { readonly tookMs: number })[]> {
  const responses = [];
  for (let number = 0; performance.now() < endMs; number += 1) {
    const askedMs = performance.now();
    const response = await postJson(on.url('order', '/orders'), mixedOrder(number));
    responses.push({ ...response, tookMs: performance.now() - askedMs });
    await pause(200);
  }
  return responses;
}

/** Resolves once orders are stored; their clients retry through the outage, and `ids` are the accepted orders. */
async function startLoad(): Promise<{ readonly ids: Promise<string[]> }> {
  const orders = on.mongo.db('order_db').collection('orders');
  const before = await orders.countDocuments();
  const ids = placeOrders(on, 100, mixedOrder, { clients: 4, pauseMs: 50 });
  await eventually(async () => expect(await orders.countDocuments()).toBeGreaterThan(before + 20));
  return { ids };
}

beforeAll(() => stockForMixedOrders(on));

test(
  'while Kafka is down orders are accepted with 201, and each becomes final afterwards',
  async () => {
    const processes = pids();
    const load = await startLoad();
    await on.pipeline.kafka!.kill();
    const [responses] = await Promise.all([
      placeUntil(performance.now() + outageMs),
      eventually(async () => expect(await inOutage()).toEqual(coreServices), outageMs),
    ]);
    expect(responses.length).toBeGreaterThan(10);
    expect(responses.filter(({ status }) => status !== 201)).toEqual([]);
    // It still serves requests, and reports the outage.
    expect(await getJson(on.url('order', '/readyz'))).toMatchObject({ status: 200, body: { status: 'degraded' } });
    expect(await live()).toEqual([200, 200, 200, 200]);

    await on.pipeline.kafka!.start();
    await expectConsistency(on, [...responses.map(({ body }) => body.order_id), ...(await load.ids)]);
    await expectExpectedOutcomes(on);
    await expectNoDeadLetters();
    expect(pids()).toEqual(processes);
  },
  testLimitMs,
);

test(
  'while MongoDB is down orders are rejected with 503, and every stored order becomes final afterwards',
  async () => {
    const processes = pids();
    const load = await startLoad();
    await on.pipeline.mongo!.kill();
    const [responses] = await Promise.all([
      placeUntil(performance.now() + outageMs),
      eventually(async () => expect(await inOutage()).not.toEqual([]), outageMs),
    ]);
    for (const { status, headers, body, tookMs } of responses) {
      expect(status).toBe(503);
      expect(tookMs).toBeLessThan(rejectedWithinMs);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({ status: 503, title: 'Service Unavailable', detail: expect.any(String) });
    }
    expect(responses.length).toBeGreaterThan(1);
    expect(await getJson(on.url('order', '/readyz'))).toMatchObject({ status: 503 });
    expect(await live()).toEqual([200, 200, 200, 200]);

    await on.pipeline.mongo!.start();
    await expectConsistency(on, await load.ids);
    await expectExpectedOutcomes(on);
    await expectNoDeadLetters();
    expect(pids()).toEqual(processes);
  },
  testLimitMs,
);
