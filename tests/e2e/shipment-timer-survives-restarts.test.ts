/** A parcel waits its time in the database: a shipment service that is killed meanwhile ships it all the same. */
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
    expect({ status, parcel: body.status }).toEqual({ status: 200, parcel: 'PROCESSING' });
    return body;
  });

async function shippedAfterMs(orderId: string): Promise<number> {
  const { body } = await getJson(on.url('order', `/orders/${orderId}/timeline`));
  const timeOf = (state: string): number =>
    Date.parse(body.steps.find((step: { state: string }) => step.state === state).time);
  return timeOf('SHIPPED') - timeOf('RESERVED');
}

test('a parcel is PROCESSING for the set time, and then SHIPPED under the same number', async () => {
  const orderId = await placeOrder(on, articleOrder);
  const processing = await untilProcessing(orderId);
  expect(await untilFinal(on, orderId)).toMatchObject({ status: 'SHIPPED' });
  const { body } = await getJson(on.url('shipment', `/shipments/${orderId}`));
  expect(body).toEqual({ ...processing, status: 'SHIPPED' });
  expect(await shippedAfterMs(orderId)).toBeGreaterThanOrEqual(processingMs);
});

test('the service is killed while parcels wait, and ships them once it is back, each once', async () => {
  const shipment = on.pipeline.services.shipment[0]!;
  const ids = await Promise.all([placeOrder(on, articleOrder), placeOrder(on, articleOrder)]);
  for (const id of ids) await untilProcessing(id);
  await shipment.kill();
  // Their time passes while nobody is there.
  await pause(processingMs);
  for (const id of ids) expect((await getJson(on.url('order', `/orders/${id}`))).body.status).toBe('RESERVED');
  await shipment.start();
  for (const id of ids) expect(await untilFinal(on, id)).toMatchObject({ status: 'SHIPPED' });
  await expectConsistency(on, ids);
  const told = (await readTopic(on.kafka, 'shipment_processed')).map(({ message }) => message.key?.toString());
  for (const id of ids) expect(told.filter((key) => key === id)).toHaveLength(1);
}, 60_000);

test('once the parcel has gone, the order can no longer be cancelled', async () => {
  const orderId = await placeOrder(on, articleOrder);
  await untilFinal(on, orderId);
  const answer = await postJson(on.url('order', `/orders/${orderId}/cancel`), undefined);
  expect(answer).toMatchObject({ status: 409, body: { status: 'SHIPPED' } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
});
