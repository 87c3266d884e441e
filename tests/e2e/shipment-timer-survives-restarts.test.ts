/** A shipment's due time is in the database: a shipment service that is killed meanwhile ships it after its restart. */
import { expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { expectConsistency } from '../support/consistency.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson } from '../support/http.ts';
import { readTopic } from '../support/kafka-reader.ts';
import { articleOrder, placeOrder, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';

const processingMs = 2_000;
const on = usePipeline({ env: { SHIPMENT_PROCESSING_MS: String(processingMs) } });

const untilProcessing = (orderId: string): Promise<any> =>
  eventually(async () => {
    const { status, body } = await getJson(on.url('shipment', `/shipments/${orderId}`));
    expect({ status, shipment: body.status }).toEqual({ status: 200, shipment: 'PROCESSING' });
    return body;
  });

async function shippedAfterMs(orderId: string): Promise<number> {
  const { body } = await getJson(on.url('order', `/orders/${orderId}/timeline`));
  const timeOf = (state: string): number =>
    Date.parse(body.steps.find((step: { state: string }) => step.state === state).time);
  return timeOf('SHIPPED') - timeOf('RESERVED');
}

test('a shipment is PROCESSING for the configured time, and then SHIPPED with the same tracking number', async () => {
  const orderId = await placeOrder(on, articleOrder);
  const processing = await untilProcessing(orderId);
  expect(await untilFinal(on, orderId)).toMatchObject({ status: 'SHIPPED' });
  const { body } = await getJson(on.url('shipment', `/shipments/${orderId}`));
  expect(body).toEqual({ ...processing, status: 'SHIPPED' });
  expect(await shippedAfterMs(orderId)).toBeGreaterThanOrEqual(processingMs);
});

test('a service that is killed while shipments are due ships each of them once after its restart', async () => {
  const shipment = on.pipeline.services.shipment[0]!;
  const ids = await Promise.all([placeOrder(on, articleOrder), placeOrder(on, articleOrder)]);
  for (const id of ids) await untilProcessing(id);
  await shipment.kill();
  // They become due while the service is down.
  await pause(processingMs);
  for (const id of ids) expect((await getJson(on.url('order', `/orders/${id}`))).body.status).toBe('RESERVED');
  await shipment.start();
  for (const id of ids) expect(await untilFinal(on, id)).toMatchObject({ status: 'SHIPPED' });
  await expectConsistency(on, ids);
  const keys = (await readTopic(on.kafka, 'shipment_processed')).map(({ message }) => message.key?.toString());
  for (const id of ids) expect(keys.filter((key) => key === id)).toHaveLength(1);
}, 60_000);

test('an order that has shipped can no longer be cancelled', async () => {
  const orderId = await placeOrder(on, articleOrder);
  await untilFinal(on, orderId);
  const response = await postJson(on.url('order', `/orders/${orderId}/cancel`), undefined);
  expect(response).toMatchObject({ status: 409, body: { status: 'SHIPPED' } });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
});
