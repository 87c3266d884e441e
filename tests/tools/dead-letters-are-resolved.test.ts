/** Guarantee 6: a dead letter can be listed, shown, redriven and discarded, and its resolution is permanent. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Partitioners } from 'kafkajs';
import { dlq } from '../../tools/src/dlq/tool.ts';
import { order } from '../../tools/src/order/tool.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson } from '../support/http.ts';
import { committedLag, readTopic } from '../support/kafka-reader.ts';
import { articleOrder, placeOrder, untilFinal } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';
import { deadLetter } from './dead-letter.ts';
import { runTool } from './run-tool.ts';

const on = usePipeline();
const run = (...args: string[]) => runTool(on, dlq, ...args);

/** The same key for both, so that they are in one partition, one after the other. */
const key = Buffer.from('bad-1');
const notJson = {
  value: Buffer.from([0xff, 0xfe, 0x00, 0x7b]),
  headers: { ce_id: 'é', 'x-mine': Buffer.from([1, 2]) },
};
const notTheSchema = { value: Buffer.from('{"order_id":"none"}'), headers: { ce_id: 'second' } };

const topic = 'order_placed';
const group = 'payment-service';

beforeAll(async () => {
  const producer = on.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [notJson, notTheSchema].map((message) => ({ key, ...message })) });
  await producer.disconnect();
  await eventually(async () => {
    const { length } = (await run('list', '--json')).json();
    if (length !== 2) throw new Error(`${length} of 2 records are dead-lettered`);
  });
}, 60_000);

const badRecords = async () =>
  (await readTopic(on.kafka, topic)).map(({ message }) => message).filter((message) => message.key?.equals(key));

test('a dead letter is listed with its origin and its error', async () => {
  expect((await run('list', '--json')).json()).toEqual([
    expect.objectContaining({
      id: 'payment-service/0/0',
      group,
      key: 'bad-1',
      original_topic: topic,
      original_offset: '0',
      attempts: 1,
      error_kind: 'not-json',
      resolution: null,
    }),
    expect.objectContaining({ id: 'payment-service/0/1', error_kind: 'schema', original_offset: '1' }),
  ]);
  const { out, err } = await run('list', '--limit', '1');
  expect(out).toHaveLength(2);
  expect(out[1]).toContain('payment-service/0/0');
  expect(err).toEqual(['… and 1 more; raise --limit to list them.']);
  expect((await run('list', '--group', 'order-service')).out).toEqual(['There is no unresolved dead letter.']);
});

test('a dead letter is shown completely, including binary values', async () => {
  const shown = (await run('show', `${group}/0/0`, '--json')).json();
  expect(shown).toMatchObject({
    record_key: { text: 'bad-1' },
    value: { base64: notJson.value.toString('base64') },
    headers: { ce_id: [{ text: 'é' }], 'x-original-topic': [{ text: topic }] },
  });
  expect((await run('show', `${group}/0/1`)).out.join('\n')).toContain('"order_id": "none"');
});

describe('a redrive', () => {
  test('with --dry-run reports what it would do, and does nothing', async () => {
    const { code, out } = await run('redrive', '--all', '--dry-run');
    expect({ code, out }).toEqual({
      code: 0,
      out: [`${group}/0/0 would be redriven to ${topic}`, `${group}/0/1 would be redriven to ${topic}`],
    });
    expect(await badRecords()).toHaveLength(2);
    expect((await run('list', '--json')).json()).toHaveLength(2);
  });

  test('with --max redrives that many, and reports how many are left', async () => {
    const { err } = await run('redrive', '--all', '--max', '1', '--dry-run');
    expect(err).toEqual(['To be redriven: 1.', 'Left, because of --max 1: 1.']);
  });

  test('produces the record again, byte for byte; when it fails again it is another dead letter', async () => {
    const { code, out } = await run('redrive', `${group}/0/0`, '--by', 'ada');
    expect({ code, out }).toEqual({
      code: 0,
      out: [expect.stringMatching(/^payment-service\/0\/0 redriven to order_placed\/\d+\/2$/)],
    });
    const [first, , again] = await badRecords();
    expect({ value: again!.value, headers: again!.headers }).toEqual({ value: first!.value, headers: first!.headers });
    await eventually(async () =>
      expect((await run('list', '--json')).json()).toMatchObject([
        { id: `${group}/0/1` },
        { id: `${group}/0/2`, original_offset: '2' },
      ]),
    );
  });

  test('of a redriven dead letter changes nothing and reports that', async () => {
    const { code, out } = await run('redrive', `${group}/0/0`);
    expect({ code, out }).toEqual({
      code: 0,
      out: [expect.stringMatching(/^payment-service\/0\/0 was redriven on \d{4}-.*Z by ada; nothing to do$/)],
    });
    expect(await badRecords()).toHaveLength(3);
  });

  test('of an unknown dead letter reports that, with exit code 1', async () => {
    const { code, out } = await run('redrive', `${group}/0/99`);
    expect({ code, out }).toEqual({ code: 1, out: [`${group}/0/99 does not exist`] });
  });
});

test('a discarded dead letter is resolved, and cannot be redriven', async () => {
  await run('discard', '--all', '--by', 'ada');
  expect((await run('list', '--json')).json()).toEqual([]);
  expect((await run('list', '--resolved', '--json')).json()).toMatchObject([
    { resolution: { action: 'redriven', by: 'ada' } },
    { resolution: { action: 'discarded', by: 'ada' } },
    { resolution: { action: 'discarded', by: 'ada' } },
  ]);
  expect((await run('redrive', `${group}/0/2`)).out[0]).toMatch(/was discarded on .* by ada; nothing to do$/);
  expect(await badRecords()).toHaveLength(3);
});

test('resolutions are kept in a compacted topic by topic, partition and offset', async () => {
  const records = await readTopic(on.kafka, `${group}.dlq.resolved`);
  expect(records.map(({ message }) => [message.key?.toString(), JSON.parse(message.value!.toString())])).toEqual([
    [`${group}.dlq-0-0`, { action: 'redriven', time: expect.any(String), by: 'ada' }],
    [`${group}.dlq-0-1`, { action: 'discarded', time: expect.any(String), by: 'ada' }],
    [`${group}.dlq-0-2`, { action: 'discarded', time: expect.any(String), by: 'ada' }],
  ]);
});

describe('an order with a dead-lettered event', () => {
  const why = async (orderId: string) => (await runTool(on, order, 'why', orderId)).out.join('\n');
  let cancelled = '';
  let redriven = '';

  beforeAll(async () => {
    const payment = on.pipeline.services.payment[0]!;
    await payment.stop();
    [cancelled, redriven] = [await placeOrder(on, articleOrder), await placeOrder(on, articleOrder)];
  });

  test('waits for the service while that does not run', async () => {
    await eventually(async () =>
      expect(await why(cancelled)).toMatch(
        /It is PENDING\.\nIt waits for payment-service to process order_placed \(partition \d+, offset \d+\)\.\npayment-service has no consumer running/,
      ),
    );
  });

  test('is explained by the failed step, its error, and the possible remedies', async () => {
    await deadLetter(on, group, topic, [cancelled, redriven]);
    await on.pipeline.services.payment[0]!.start();
    const text = await why(cancelled);
    expect(text).toContain('payment-service has committed past that record, because it could not process it.');
    expect(text).toContain('payment-service could not process order_placed (TypeError: cannot read it).');
    expect(text).toMatch(/npm run dlq -- redrive payment-service\/0\/\d+ retries that step\./);
  });

  test('continues after a redrive', async () => {
    const deadLetters = (await run('list', '--json')).json() as { id: string; key: string }[];
    expect((await run('redrive', deadLetters.find(({ key }) => key === redriven)!.id)).code).toBe(0);
    expect((await untilFinal(on, redriven)).status).toBe('SHIPPED');
    expect(await why(redriven)).toContain('109.97 USD were charged.');
  });

  test('can be cancelled; a redrive afterwards charges and reserves nothing', async () => {
    expect((await postJson(on.url('order', `/orders/${cancelled}/cancel`), {})).status).toBe(202);
    expect((await untilFinal(on, cancelled)).status).toBe('CANCELLED');
    expect((await run('redrive', '--all')).err).toContain('redriven: 1.');
    await eventually(async () => expect(await committedLag(on.kafka, group, [topic])).toBe(0));
    const ledger = on.mongo.db('gateway_db').collection('ledger');
    expect(await ledger.find({ order_id: cancelled }).toArray()).toMatchObject([{ kind: 'charge', outcome: 'voided' }]);
    const updates = on.mongo.db('inventory_db').collection<{ _id: string }>('updates');
    expect(await updates.findOne({ _id: cancelled })).toMatchObject({ status: 'CANCELLED', lines: [] });
    expect(await why(cancelled)).toMatch(/It is CANCELLED.*Nothing was charged\.\nIt is in a final state/s);
  });

  test('at the inventory can be cancelled; a redrive afterwards reserves nothing', async () => {
    const inventory = on.pipeline.services.inventory[0]!;
    const stock = async () => (await getJson(on.url('inventory', '/inventory'))).body;
    const before = await stock();
    await inventory.stop();
    const orderId = await placeOrder(on, articleOrder);
    const statusOf = async () => (await getJson(on.url('order', `/orders/${orderId}`))).body.status;
    await eventually(async () => expect(await statusOf()).toBe('PAID'));
    await deadLetter(on, 'inventory-service', 'payment_processed', [orderId]);
    await inventory.start();
    expect(await why(orderId)).toContain('inventory-service could not process payment_processed');

    expect((await postJson(on.url('order', `/orders/${orderId}/cancel`), {})).status).toBe(202);
    expect((await untilFinal(on, orderId)).status).toBe('CANCELLED');
    expect(await why(orderId)).toContain('a redrive would charge and reserve nothing');
    expect((await run('redrive', '--all')).err).toContain('redriven: 1.');
    await eventually(async () => {
      expect(await committedLag(on.kafka, 'inventory-service', ['payment_processed', 'shipment_processed'])).toBe(0);
      const updates = on.mongo.db('inventory_db').collection<{ _id: string }>('updates');
      expect(await updates.findOne({ _id: orderId })).toMatchObject({ status: 'REJECTED', lines: [] });
    });
    expect(await stock()).toEqual(before);
    expect((await getJson(on.url('payment', `/payments/${orderId}`))).body.status).toBe('REFUNDED');
  });

  test('has a timeline', async () => {
    const { out } = await runTool(on, order, 'show', redriven);
    expect(out[0]).toMatch(/^TIME +AFTER +TOPIC +STATUS +PARTITION\/OFFSET/);
    expect(out.slice(1).map((line) => line.split(/ {2,}/)[3])).toEqual(['PENDING', 'COMPLETED', 'RESERVED', 'SHIPPED']);
    const steps = (await runTool(on, order, 'show', redriven, '--json')).json().steps;
    expect(steps[1]).toMatchObject({ topic: 'payment_processed', partition: steps[0].partition, published: true });
  });
});

test('an unknown order and a malformed id have different errors', async () => {
  const unknown = '00000000-0000-4000-8000-000000000000';
  expect(await runTool(on, order, 'why', unknown)).toMatchObject({ code: 2, err: [`There is no order ${unknown}.`] });
  const wrong = await runTool(on, order, 'why', '42');
  expect(wrong).toMatchObject({ code: 2, err: ['42 is no order id, which is a UUID. See npm run order -- --help.'] });
});

test.each([
  [['lst'], 'There is no command lst; there are list, show, redrive and discard.'],
  [['redrive'], 'redrive takes either ids or --all.'],
  [['redrive', '--all', `${group}/0/0`], 'redrive takes either ids or --all.'],
  [['show'], 'show takes one id.'],
  [['show', '0/0'], "0/0 is no dead letter's id, which looks like order-service/0/12."],
  [['list', '--group', 'unknown'], 'There is no group unknown; there are order-service'],
  [['list', '--limit', 'many'], '--limit many: expected a whole number from 1 to 10000.'],
])('%j is rejected with a reason', async (args, sentence) => {
  const { code, err } = await run(...args);
  expect(code).toBe(2);
  expect(err[0]).toContain(sentence);
  expect(err[0]).toContain('See npm run dlq -- --help.');
});
