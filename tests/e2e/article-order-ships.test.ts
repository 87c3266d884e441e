/** The article's order, from its curl command to the shipment, through HTTP alone. */
import { describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { services, type ServiceEntry } from '@order-pipeline/events';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, putJson } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilFinal } from '../support/orders.ts';
import { coreServices, usePipeline } from '../support/pipeline.ts';

const on = usePipeline();

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

describe("the article's curl command", () => {
  test('returns the order as PENDING and its location', async () => {
    const { status, headers, body } = await postJson(on.url('order', '/orders'), articleOrder);
    expect(status).toBe(201);
    expect(body).toEqual({
      order_id: expect.stringMatching(uuid),
      status: 'PENDING',
      created_at: expect.stringMatching(rfc3339),
      ...articleOrder,
    });
    expect(headers.get('location')).toBe(`/orders/${body.order_id}`);
    await untilFinal(on, body.order_id);
    expect((await getJson(on.url('order', headers.get('location')!))).body).toEqual({ ...body, status: 'SHIPPED' });
  });

  test('leads to a charge, a reservation and a shipment, each reported by its own service', async () => {
    const before = (await getJson(on.url('inventory', '/inventory/P001'))).body.quantity as number;
    const orderId = await placeOrder(on, articleOrder);

    const shipped = await getJson(on.url('order', `/orders/${orderId}?wait=SHIPPED&timeout_ms=20000`));
    expect(shipped.body).toEqual({
      order_id: orderId,
      status: 'SHIPPED',
      created_at: expect.stringMatching(rfc3339),
      ...articleOrder,
    });
    expect((await getJson(on.url('payment', `/payments/${orderId}`))).body).toEqual({
      order_id: orderId,
      amount: 109.97,
      status: 'COMPLETED',
      timestamp: expect.stringMatching(rfc3339),
    });
    expect((await getJson(on.url('inventory', '/inventory/P001'))).body).toEqual({
      product_id: 'P001',
      quantity: before - 2,
      price: 29.99,
    });
    const shipment = (await getJson(on.url('shipment', `/shipments/${orderId}`))).body;
    expect(shipment).toEqual({
      shipment_id: expect.stringMatching(uuid),
      order_id: orderId,
      status: 'SHIPPED',
      tracking_number: expect.stringMatching(/^TRK-[0-9A-F]{8}$/),
      created_at: expect.stringMatching(rfc3339),
      estimated_delivery: expect.stringMatching(rfc3339),
    });
    expect(Date.parse(shipment.estimated_delivery) - Date.parse(shipment.created_at)).toBe(3 * 24 * 60 * 60 * 1000);
  });

  test('has a timeline with the record that caused each step', async () => {
    const orderId = await placeOrder(on, articleOrder);
    await untilFinal(on, orderId);
    const { steps } = await eventually(async () => {
      const { body } = await getJson(on.url('order', `/orders/${orderId}/timeline`));
      // The offset of the order's own event is known once the relay has stored it.
      expect(body.steps[0].offset).not.toBeNull();
      return body;
    });
    const step = (state: string, topic: string): object => ({
      state,
      topic,
      time: expect.stringMatching(rfc3339),
      partition: expect.any(Number),
      offset: expect.stringMatching(/^\d+$/),
    });
    expect(steps).toEqual([
      step('PENDING', 'order_placed'),
      step('PAID', 'payment_processed'),
      step('RESERVED', 'inventory_updated'),
      step('SHIPPED', 'shipment_processed'),
    ]);
    // One key, one partitioner: an order has the same partition in every topic.
    expect(new Set(steps.map(({ partition }: { partition: number }) => partition)).size).toBe(1);
  });
});

describe('waiting for a state', () => {
  test('returns at that state, at once when it is past, and at any final state', async () => {
    const orderId = await placeOrder(on, articleOrder);
    const paid = await getJson(on.url('order', `/orders/${orderId}?wait=PAID&timeout_ms=20000`));
    expect(['PAID', 'RESERVED', 'SHIPPED']).toContain(paid.body.status);
    await untilFinal(on, orderId);
    const askedMs = performance.now();
    const past = await getJson(on.url('order', `/orders/${orderId}?wait=PAID&timeout_ms=60000`));
    expect(past.body.status).toBe('SHIPPED');
    expect(performance.now() - askedMs).toBeLessThan(10_000);

    const declined = await placeOrder(on, orderOf(articleOrder.items, 'DECLINE-ME'));
    const other = await getJson(on.url('order', `/orders/${declined}?wait=SHIPPED&timeout_ms=20000`));
    expect(other.body.status).toBe('PAYMENT_DECLINED');
  });

  test('returns the current state after the timeout', async () => {
    const [payment] = on.pipeline.services.payment;
    await payment!.stop();
    const orderId = await placeOrder(on, articleOrder);
    const askedMs = performance.now();
    const response = await getJson(on.url('order', `/orders/${orderId}?wait=SHIPPED&timeout_ms=300`));
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(300);
    expect(response).toMatchObject({ status: 200, body: { order_id: orderId, status: 'PENDING' } });
    await payment!.start();
    expect(await untilFinal(on, orderId)).toMatchObject({ status: 'SHIPPED' });
  });

  test('works on each replica, whichever of them consumes the events', async () => {
    const second = await on.pipeline.addReplica('order');
    for (const orderId of await placeOrders(on, 4, () => articleOrder)) {
      for (const url of [on.url('order', ''), second.url]) {
        const { body } = await getJson(`${url}/orders/${orderId}?wait=SHIPPED&timeout_ms=20000`);
        expect({ url, status: body.status }).toEqual({ url, status: 'SHIPPED' });
      }
    }
    expect(await on.pipeline.removeReplica('order')).toMatchObject({ exitCode: 0 });
  });
});

describe('lists', () => {
  test('are paged from newest to oldest, without gap or repetition', async () => {
    const placed = await placeOrders(on, 7, () => orderOf([{ product_id: 'P003', quantity: 1, price: 19.99 }]));
    for (const id of placed) await untilFinal(on, id);
    for (const [service, path] of [
      ['order', '/orders'],
      ['payment', '/payments'],
      ['shipment', '/shipments'],
    ] as const) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: any = await getJson(on.url(service, `${path}?limit=3${cursor && `&cursor=${cursor}`}`));
        expect(page.status).toBe(200);
        expect(page.body.items.length).toBeLessThanOrEqual(3);
        seen.push(...page.body.items.map((item: { order_id: string }) => item.order_id));
        cursor = page.body.next_cursor;
      }
      expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
      expect(seen).toEqual(expect.arrayContaining(placed));
    }
  });

  test('of the inventory contain the sample products and those that an operator sets', async () => {
    const set = await putJson(on.url('inventory', '/inventory/P100'), { quantity: 5, price: 1.5 });
    expect(set).toMatchObject({ status: 200, body: { product_id: 'P100', quantity: 5, price: 1.5 } });
    const { body } = await getJson(on.url('inventory', '/inventory'));
    expect(body.next_cursor).toBeNull();
    expect(body.items).toEqual([
      { product_id: 'P001', quantity: expect.any(Number), price: 29.99 },
      { product_id: 'P002', quantity: expect.any(Number), price: 49.99 },
      { product_id: 'P003', quantity: expect.any(Number), price: 19.99 },
      { product_id: 'P100', quantity: 5, price: 1.5 },
    ]);
    const first = await getJson(on.url('inventory', '/inventory?limit=2'));
    expect(first.body).toMatchObject({ items: [{ product_id: 'P001' }, { product_id: 'P002' }], next_cursor: 'P002' });
  });
});

describe('every service', () => {
  test.each(coreServices)('%s reports that it is healthy, live and ready', async (service) => {
    const health = await getJson(on.url(service, '/health'));
    expect(health).toMatchObject({ status: 200, body: { status: 'healthy', service } });
    expect(await getJson(on.url(service, '/livez'))).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await getJson(on.url(service, '/readyz'))).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  test.each(coreServices)('%s serves a valid OpenAPI 3.1 document with its paths', async (service) => {
    const { body } = await getJson(on.url(service, '/openapi.json'));
    expect(body.openapi).toMatch(/^3\.1\./);
    expect(await new Validator().validate(body)).toEqual({ valid: true });
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining([...paths[service], ...systemPaths]));
  });

  const paths = {
    order: ['/orders', '/orders/{order_id}', '/orders/{order_id}/timeline', '/orders/{order_id}/cancel'],
    payment: ['/payments', '/payments/{order_id}'],
    inventory: ['/inventory', '/inventory/{product_id}'],
    shipment: ['/shipments', '/shipments/{order_id}'],
  };
  const systemPaths = ['/health', '/livez', '/readyz', '/metrics', '/openapi.json'];

  test('has the collections of the registry, and none whose documents expire: a replay of the topics needs them', async () => {
    const promised = Object.values<ServiceEntry>(services).map(({ database, collections, furtherDatabases }) => ({
      [database]: collections,
      ...furtherDatabases,
    }));
    const databases = Object.entries(Object.assign({}, ...promised) as Record<string, readonly string[]>);
    const found = await Promise.all(databases.map(([name]) => on.mongo.db(name).collections()));
    const namesOf = (each: readonly { collectionName: string }[]) => each.map(({ collectionName }) => collectionName);
    expect(found.map((each) => namesOf(each).toSorted())).toEqual(databases.map(([, names]) => names.toSorted()));
    const collections = found.flat();
    const indexes = (await Promise.all(collections.map((collection) => collection.indexes()))).flat();
    expect(indexes.filter((index) => 'expireAfterSeconds' in index)).toEqual([]);
  });

  test('the order service documents its 503 and the Retry-After header', async () => {
    const { body } = await getJson(on.url('order', '/openapi.json'));
    expect(body.paths['/orders'].post.responses[503].headers).toHaveProperty('Retry-After');
  });

  test.each(coreServices)('%s exposes its metrics in the Prometheus format', async (service) => {
    await untilFinal(on, await placeOrder(on, articleOrder));
    const { headers, body } = await getJson(on.url(service, '/metrics'));
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    const positive = (name: string, labels = ''): void => {
      const lines = (body as string).split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
      const values = lines.map((line) => Number(line.slice(line.lastIndexOf(' '))));
      expect({ name, labels, highest: Math.max(...values, 0) > 0 }).toEqual({ name, labels, highest: true });
    };
    const present = (name: string): void => expect(body).toMatch(new RegExp(`^${name}(\\{[^}]*\\})? \\S+$`, 'm'));

    for (const topic of services[service].consumes) {
      if (topic !== 'order_cancelled') positive('events_consumed_total', `topic="${topic}"`);
    }
    positive('http_request_duration_seconds_count', 'route="/readyz"');
    positive('http_request_duration_seconds_count', 'status="200"');
    positive('consumer_handler_duration_seconds_count');
    positive('consumer_batch_duration_seconds_count');
    positive('consumer_batch_size_events_count');
    positive('consumer_group_joins_total');
    positive('nodejs_heap_size_used_bytes');
    positive('process_resident_memory_bytes');
    present('consumer_lag_events');
    present('consumer_in_outage');
    expect(body).toContain('# TYPE events_dead_lettered_total counter');
    if (service === 'order') {
      positive('events_produced_total', 'topic="order_placed"');
      positive('orders_total', 'state="SHIPPED"');
      positive('orders_total', 'state="PENDING"');
      positive('order_placed_to_shipped_seconds_count');
    } else {
      positive('events_produced_total', `topic="${services[service].produces[0]}"`);
    }
    if (service === 'payment') {
      positive('payment_gateway_call_duration_seconds_count', 'operation="charge"');
    }
    if (service === 'order' || service === 'shipment') {
      present('outbox_pending_documents');
      present('outbox_oldest_age_seconds');
    }
  });
});

test('an unknown id returns 404, a malformed id 422, both as problem details', async () => {
  const unknown = '00000000-0000-4000-8000-000000000000';
  for (const [service, path] of [
    ['order', '/orders/'],
    ['payment', '/payments/'],
    ['shipment', '/shipments/'],
  ] as const) {
    const missing = await getJson(on.url(service, path + unknown));
    expect(missing).toMatchObject({ status: 404, body: { status: 404, title: 'Not Found' } });
    expect(missing.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const malformed = await getJson(on.url(service, `${path}42`));
    expect(malformed).toMatchObject({ status: 422, body: { errors: [{ parameter: 'order_id' }] } });
  }
  expect(await getJson(on.url('inventory', '/inventory/P999'))).toMatchObject({ status: 404, body: { status: 404 } });
  expect(await getJson(on.url('inventory', '/inventory/%24gt'))).toMatchObject({ status: 422 });
  expect(await getJson(on.url('order', `/orders/${unknown}/timeline`))).toMatchObject({ status: 404 });
});

test('the pipeline is consistent afterwards', async () => {
  await expectConsistency(on, []);
});
