import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { expectConsistency, untilIdle } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { postJson, putJson } from '../support/http.ts';
import { orderOf } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const maxInFlight = 50;
const maxPending = 200;
const acceptWithinMs = 5_000;
const on = usePipeline({
  engines: 'own',
  env: {
    HTTP_MAX_IN_FLIGHT: String(maxInFlight),
    OUTBOX_MAX_PENDING: String(maxPending),
    ORDER_ACCEPT_TIMEOUT_MS: String(acceptWithinMs),
  },
});

interface HttpResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly orderId: string | undefined;
  readonly tookMs: number;
}

const order = orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }]);
const body = JSON.stringify(order);

function post(url: string, agent: Agent): Promise<HttpResponse> {
  const begunMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': body.length } },
      (response) => {
        let text = '';
        response.on('data', (bytes) => (text += String(bytes)));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            retryAfter: response.headers['retry-after'],
            orderId: (JSON.parse(text) as { order_id?: string }).order_id,
            tookMs: performance.now() - begunMs,
          }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

const residentMiB = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

describe('with more concurrent orders than the engines handle', () => {
  test('requests over the limit are rejected at once, memory stays bounded, and every accepted order is kept', async () => {
    await putJson(on.url('inventory', '/inventory/P001'), { quantity: 100_000, price: 29.99 });
    const agent = new Agent({ keepAlive: true, maxSockets: 600 });
    const responses: HttpResponse[] = [];
    const client = async (): Promise<void> => {
      for (let each = 0; each < 8; each += 1) responses.push(await post(on.url('order', '/orders'), agent));
    };
    await Promise.all(Array.from({ length: 600 }, client));
    agent.destroy();

    const accepted = responses.filter(({ status }) => status === 201);
    const rejected = responses.filter(({ status }) => status === 503);
    expect(accepted.length + rejected.length).toBe(responses.length);
    expect(accepted.length).toBeGreaterThan(0);
    expect(rejected.length).toBeGreaterThan(0);
    expect(rejected.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true);
    expect(Math.max(...responses.map(({ tookMs }) => tookMs))).toBeLessThan(2 * acceptWithinMs);
    expect(residentMiB(on.pipeline.services.order[0]!.pid!)).toBeLessThan(300);
    await expectConsistency(
      on,
      accepted.map(({ orderId }) => orderId!),
    );
  });
});

describe('with a paused database', () => {
  test('requests over the limit are rejected at once, the others after ORDER_ACCEPT_TIMEOUT_MS', async () => {
    const agent = new Agent({ keepAlive: true });
    const clients = 6 * maxInFlight;
    await on.pipeline.mongo!.kill('SIGSTOP');
    try {
      const responses = await Promise.all(
        Array.from({ length: clients }, () => post(on.url('order', '/orders'), agent)),
      );
      expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 503));
      const took = responses.map(({ tookMs }) => tookMs);
      expect(took.filter((ms) => ms < acceptWithinMs / 2)).toHaveLength(clients - maxInFlight);
      expect(Math.max(...took)).toBeLessThan(2 * acceptWithinMs);
    } finally {
      await on.pipeline.mongo!.kill('SIGCONT');
      agent.destroy();
    }
  });
});

describe('with Kafka down for long', () => {
  test('orders are accepted until OUTBOX_MAX_PENDING are pending, then rejected, and accepted again after its restart', async () => {
    const place = () => postJson(on.url('order', '/orders'), order);
    // Orders of the test before may have been stored after their 503, and would count as pending.
    await untilIdle(on);
    await on.pipeline.kafka!.kill();
    const accepted: string[] = [];
    let response = await place();
    for (; response.status === 201 && accepted.length <= maxPending; response = await place()) {
      accepted.push(response.body.order_id);
    }
    expect(response).toMatchObject({ status: 503, body: { title: 'Service Unavailable' } });
    expect(response.body.detail).toContain('wait to be published');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    // The count in the database may include an order twice for a second, while it is pushed to the relay.
    expect(accepted.length).toBeGreaterThan(maxPending * 0.9);
    expect(accepted.length).toBeLessThanOrEqual(maxPending);

    await on.pipeline.kafka!.start();
    const again = await eventually(async () => {
      const { status, body: placed } = await place();
      expect(status).toBe(201);
      return placed.order_id as string;
    });
    await expectConsistency(on, [...accepted, again]);
  });
});
