/** Each order is one trace, from its request to its final state, through crashes, cancellations and redrives. */
import { beforeAll, expect, test } from '@jest/globals';
import { Partitioners } from 'kafkajs';
import { traceIdOf } from '@order-pipeline/tracing';
import { buildPage } from '../../dev/page-build.ts';
import { dlq } from '../../tools/src/dlq/tool.ts';
import { untilIdle } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, request } from '../support/http.ts';
import { header, readTopic } from '../support/kafka-reader.ts';
import { articleOrder, orderOf, placeOrder, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';
import { runTool } from '../tools/run-tool.ts';
import { useOtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';

const env: NodeJS.ProcessEnv = {
  SHIPMENT_PROCESSING_MS: '300',
  OUTBOX_SWEEP_AFTER_MS: '500',
  TRACE_URL: 'http://traces.example/trace/{trace_id}?from=dashboard',
};
beforeAll(() => buildPage(() => {}), 120_000);
const received = useOtlpReceiver(env);
const on = usePipeline({ engines: 'own', env, replicas: { dashboard: 1 } });
const dashboard = (path: string) => `${on.pipeline.services.dashboard[0]!.url}${path}`;

const orders = () => on.mongo.db('order_db').collection<{ _id: string; traceparent: string }>('orders');

async function traceOf(orderId: string): Promise<string> {
  const order = await orders().findOne({ _id: orderId });
  return traceIdOf(order!.traceparent)!;
}

/** The edges of a trace from parent to child, sorted. */
function edgesOf(spans: readonly ReceivedSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const nameOf = ({ service, name }: ReceivedSpan): string => `${service}: ${name}`;
  return spans
    .map((span) => {
      const parent = byId.get(span.parentSpanId ?? '');
      return `${parent ? nameOf(parent) : (span.parentSpanId ?? 'root')} → ${nameOf(span)}`;
    })
    .toSorted();
}

const spansOfTrace = (traceId: string, count: number): Promise<ReceivedSpan[]> =>
  eventually(() => {
    const spans = received.ofTrace(traceId);
    expect(spans.map(({ service, name }) => `${service}: ${name}`).toSorted()).toHaveLength(count);
    return spans;
  });

const consumers = {
  order_placed: ['dashboard', 'payment'],
  payment_processed: ['dashboard', 'inventory', 'order'],
  inventory_updated: ['dashboard', 'order', 'payment', 'shipment'],
  shipment_processed: ['dashboard', 'inventory', 'order', 'payment'],
} as const;

/** The edges of an order that ships: the span that decides an event sends it, and is the parent of its processing. */
const shippedEdges = (root = 'root'): string[] => {
  const decided = {
    order_placed: 'order: POST /orders',
    payment_processed: 'payment: process order_placed',
    inventory_updated: 'inventory: process payment_processed',
    shipment_processed: 'shipment: process inventory_updated',
  };
  return [
    `${root} → order: POST /orders`,
    ...Object.entries(decided).flatMap(([topic, by]) => [
      `${by} → ${by.split(':')[0]}: send ${topic}`,
      ...consumers[topic as keyof typeof consumers].map((group) => `${by} → ${group}: process ${topic}`),
    ]),
  ].toSorted();
};

test('every step of an order is an edge of its trace, with its wait in the queue', async () => {
  const orderId = await placeOrder(on, articleOrder);
  await untilFinal(on, orderId);
  const traceId = await traceOf(orderId);
  const spans = await spansOfTrace(traceId, shippedEdges().length);
  expect(edgesOf(spans)).toEqual(shippedEdges());

  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const span of spans) {
    expect(span).toMatchObject({ isError: false, links: [] });
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    // Several processes read the same clock, in milliseconds.
    const parent = byId.get(span.parentSpanId ?? '') ?? span;
    expect(span.startMs).toBeGreaterThanOrEqual(parent.startMs - 2);
  }
  const processing = spans.filter(({ kind }) => kind === 'consumer');
  expect(processing).toHaveLength(13);
  for (const { attributes } of processing) {
    expect(attributes).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.kafka.message.key': orderId,
      'messaging.batch.message_count': expect.any(Number),
      'order_pipeline.queue_wait_ms': expect.any(Number),
    });
    expect(attributes['order_pipeline.queue_wait_ms']).toBeGreaterThanOrEqual(0);
    expect(attributes['order_pipeline.queue_wait_ms']).toBeLessThan(10_000);
  }
  // The span shows how long the shipment was pending.
  const shipped = spans.find(({ name }) => name === 'send shipment_processed')!;
  expect(shipped.startMs - byId.get(shipped.parentSpanId!)!.startMs).toBeGreaterThan(250);
  expect(spans.find(({ kind }) => kind === 'server')!.attributes).toMatchObject({
    'http.route': '/orders',
    'http.response.status_code': 201,
  });
});

test("a caller's trace is continued, and an unsampled one stays unsampled", async () => {
  const caller = (flags: string) => `00-0af7651916cd43dd8448eb211c80319${flags.at(-1)}-b7ad6b7169203331-${flags}`;
  const place = async (traceparent: string): Promise<string> => {
    const { body } = await postJson(on.url('order', '/orders'), articleOrder, { traceparent });
    await untilFinal(on, body.order_id);
    return body.order_id;
  };
  await place(caller('01'));
  const spans = await spansOfTrace('0af7651916cd43dd8448eb211c803191', shippedEdges().length);
  expect(edgesOf(spans)).toEqual(shippedEdges('b7ad6b7169203331'));

  const unsampled = await place(caller('00'));
  expect(await traceOf(unsampled)).toBe('0af7651916cd43dd8448eb211c803190');
  await untilIdle(on);
  expect(received.ofTrace('0af7651916cd43dd8448eb211c803190')).toEqual([]);
});

test('the trace of an order from the dashboard starts there, and the page of the order links to it', async () => {
  const { body } = await postJson(dashboard('/api/orders'), articleOrder);
  await untilFinal(on, body.order_id);
  const traceId = await traceOf(body.order_id);
  const edges = edgesOf(await spansOfTrace(traceId, shippedEdges().length + 1));
  expect(edges).toEqual(
    ['root → dashboard: POST /api/orders', ...shippedEdges('dashboard: POST /api/orders')].toSorted(),
  );
  const page = await eventually(async () => {
    const { body: page } = await getJson(dashboard(`/api/orders/${body.order_id}`));
    expect(page.trace).not.toBeNull();
    return page;
  });
  expect(page.trace).toEqual({ trace_id: traceId, url: `http://traces.example/trace/${traceId}?from=dashboard` });
});

test('a cancellation belongs to the trace of its order, and its request links to it', async () => {
  const orderId = await placeOrder(on, articleOrder);
  await getJson(on.url('order', `/orders/${orderId}?wait=RESERVED`));
  await postJson(on.url('order', `/orders/${orderId}/cancel`), {});
  expect(await untilFinal(on, orderId)).toMatchObject({ status: 'CANCELLED' });
  await untilIdle(on);
  const traceId = await traceOf(orderId);
  await eventually(() => {
    const edges = edgesOf(received.ofTrace(traceId));
    for (const edge of [
      'order: POST /orders → order: send order_cancelled',
      'order: POST /orders → shipment: process order_cancelled',
      'shipment: process order_cancelled → shipment: send shipment_processed',
      'shipment: process order_cancelled → payment: process shipment_processed',
      'shipment: process order_cancelled → inventory: process shipment_processed',
      'payment: process shipment_processed → payment: send payment_processed',
      'payment: process shipment_processed → order: process payment_processed',
      'inventory: process shipment_processed → inventory: send inventory_updated',
    ]) {
      expect(edges).toContain(edge);
    }
    const root = received.ofTrace(traceId).find(({ kind }) => kind === 'server')!;
    const cancelRequest = received.spans.find(
      ({ name, links }) => name.endsWith('/cancel') && links.includes(root.spanId),
    );
    expect(cancelRequest?.traceId).not.toBe(traceId);
  });
});

test('an order whose event a crash left in the outbox is still one trace', async () => {
  const { kafka, services } = on.pipeline;
  await kafka!.kill();
  const orderId = await placeOrder(on, articleOrder);
  const traceId = await traceOf(orderId);
  await spansOfTrace(traceId, 1);
  const placedAt = Date.now();
  await services.order[0]!.kill();
  await kafka!.start();
  await services.order[0]!.start();
  expect(await untilFinal(on, orderId, 60_000)).toMatchObject({ status: 'SHIPPED' });
  const spans = await spansOfTrace(traceId, shippedEdges().length);
  expect(edgesOf(spans)).toEqual(shippedEdges());
  // Another process than the one that accepted the order sends it, and the span includes the wait in the outbox.
  const sent = spans.find(({ name }) => name === 'send order_placed')!;
  expect(sent.startMs).toBeLessThanOrEqual(placedAt);
  expect(sent.endMs).toBeGreaterThan(placedAt);
}, 120_000);

test('a redriven dead letter continues its trace, after a span with the error', async () => {
  const orderId = await placeOrder(on, articleOrder);
  await getJson(on.url('order', `/orders/${orderId}?wait=RESERVED`));
  const traceId = await traceOf(orderId);
  // The order service cannot process an event of an unknown order.
  const order = await orders().findOne({ _id: orderId });
  await orders().deleteOne({ _id: orderId });
  const id = await eventually(async () => {
    const deadLetters = (await runTool(on, dlq, 'list', '--json')).json();
    const own = deadLetters.find(({ key }: { key: string }) => key === orderId);
    expect(own).toMatchObject({ group: 'order-service', original_topic: 'shipment_processed' });
    return own.id as string;
  });
  await orders().insertOne(order!);
  expect((await runTool(on, dlq, 'redrive', id)).code).toBe(0);
  expect(await untilFinal(on, orderId)).toMatchObject({ status: 'SHIPPED' });

  await eventually(() => {
    const attempts = received
      .ofTrace(traceId)
      .filter(({ service, name }) => service === 'order' && name === 'process shipment_processed');
    expect(attempts.map(({ isError, events }) => ({ isError, events }))).toEqual([
      { isError: true, events: ['exception'] },
      { isError: false, events: [] },
    ]);
    expect(new Set(attempts.map(({ parentSpanId }) => parentSpanId)).size).toBe(1);
    expect(edgesOf(received.ofTrace(traceId))).toContain(
      'shipment: process inventory_updated → order: send order-service.dlq',
    );
  });
});

test('a republished outcome is the same byte for byte, headers included, with the original parent span', async () => {
  const orderId = await placeOrder(on, orderOf(articleOrder.items, 'DECLINE-TWICE'));
  await untilFinal(on, orderId);
  const of = async (topic: string) =>
    (await readTopic(on.kafka, topic)).map(({ message }) => message).filter(({ key }) => key?.toString() === orderId);
  const [placed] = await of('order_placed');
  const producer = on.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const { key, value, headers } = placed!;
  await producer.send({ topic: 'order_placed', messages: [{ key, value, headers: headers! }] });
  await producer.disconnect();
  const outcomes = await eventually(async () => {
    const records = await of('payment_processed');
    expect(records).toHaveLength(2);
    return records;
  });
  const bytesOf = ({ value, headers }: (typeof outcomes)[number]) => ({
    value: value?.toString('hex'),
    headers: Object.entries(headers ?? {}).map(([name, each]) => [name, each?.toString('hex' as never)]),
  });
  expect(bytesOf(outcomes[1]!)).toEqual(bytesOf(outcomes[0]!));

  const traceId = await traceOf(orderId);
  expect(header(outcomes[0]!, 'traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`, 'u'));
  await eventually(() => {
    const spans = received.ofTrace(traceId);
    const [first, second] = spans.filter(
      ({ service, name }) => service === 'payment' && name === 'process order_placed',
    );
    const sent = spans.filter(({ name }) => name === 'send payment_processed');
    expect(sent.map(({ parentSpanId, links }) => ({ parentSpanId, links }))).toEqual([
      { parentSpanId: first!.spanId, links: [] },
      { parentSpanId: first!.spanId, links: [second!.spanId] },
    ]);
  });
});

test('the metrics have traces as exemplars', async () => {
  const { body, headers } = await request<string>(on.url('order', '/metrics'));
  expect(headers.get('content-type')).toMatch(/^application\/openmetrics-text/u);
  const exemplarOf = (name: string) =>
    new RegExp(`^${name}_bucket\\{[^\\n]* # \\{trace_id="([0-9a-f]{32})"\\}`, 'mu').exec(body)?.[1];
  for (const name of ['order_placed_to_shipped_seconds', 'http_request_duration_seconds']) {
    const traceId = exemplarOf(name);
    expect(received.ofTrace(traceId!)).not.toEqual([]);
  }
  expect(body.endsWith('# EOF\n')).toBe(true);
});
