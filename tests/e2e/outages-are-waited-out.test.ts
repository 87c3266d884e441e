/** Kafka or MongoDB away for ten seconds: nobody gives up, nothing is lost, and POST /orders says what is so. */
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { expectBooksBalance } from '../support/books.ts';
import { getJson, postJson } from '../support/http.ts';
import { deadLetters } from '../support/kafka-reader.ts';
import { mixedOrder, stockForMixedOrders } from '../support/mixed-orders.ts';
import { articleOrder, placeOrders } from '../support/orders.ts';
import { coreServices, usePipeline } from '../support/pipeline.ts';

const on = usePipeline();
const outageMs = 10_000;
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

beforeAll(() => stockForMixedOrders(on));

test(
  'while Kafka is away orders are accepted with 201, and afterwards each of them reaches its end',
  async () => {
    const processes = pids();
    const flowing = placeOrders(on, 100, mixedOrder, { clients: 4, pauseMs: 50 });
    await on.pipeline.kafka!.kill();
    const back = pause(outageMs).then(() => on.pipeline.kafka!.start());

    const meanwhile: string[] = [];
    for (let number = 0; number < 40; number += 1) {
      const { status, body } = await postJson(on.url('order', '/orders'), mixedOrder(number));
      expect(status).toBe(201);
      meanwhile.push(body.order_id);
    }
    // It still serves, and says what is wrong.
    const ready = await getJson(on.url('order', '/readyz'));
    expect(ready).toMatchObject({ status: 200, body: { status: expect.stringMatching(/^(ready|degraded)$/) } });
    expect(await live()).toEqual([200, 200, 200, 200]);
    expect(on.pipeline.kafka!.pids).toEqual([]);

    await back;
    await expectBooksBalance(on, [...meanwhile, ...(await flowing)]);
    await expectNoDeadLetters();
    expect(pids()).toEqual(processes);
  },
  testLimitMs,
);

test(
  'while MongoDB is away orders are refused with 503, and afterwards whatever was stored reaches its end',
  async () => {
    const processes = pids();
    const flowing = placeOrders(on, 100, mixedOrder, { clients: 4, pauseMs: 50 });
    await on.pipeline.mongo!.kill();
    const back = pause(outageMs).then(() => on.pipeline.mongo!.start());

    const { status, headers, body } = await postJson(on.url('order', '/orders'), articleOrder);
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status: 503, title: 'Service Unavailable', detail: expect.any(String) });
    expect(on.pipeline.mongo!.pids).toEqual([]);
    expect(await getJson(on.url('order', '/readyz'))).toMatchObject({ status: 503 });
    expect(await live()).toEqual([200, 200, 200, 200]);

    await back;
    await expectBooksBalance(on, await flowing);
    await expectNoDeadLetters();
    expect(pids()).toEqual(processes);
  },
  testLimitMs,
);
