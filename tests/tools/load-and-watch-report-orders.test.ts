/** `npm run load` reports the outcomes of its orders and audits them; `npm run watch` follows an order to its final state. */
import { expect, test } from '@jest/globals';
import { load } from '../../tools/src/load/tool.ts';
import type { Terminal, Tool } from '../../tools/src/command-line.ts';
import { watch } from '../../tools/src/watch/tool.ts';
import { eventually } from '../support/eventually.ts';
import { getJson } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder } from '../support/orders.ts';
import { usePipeline } from '../support/pipeline.ts';
import { runTool, startTool } from './run-tool.ts';

const on = usePipeline({ env: { SHIPMENT_PROCESSING_MS: '500' } });

/** The tool with the URLs of the services in its environment. */
const reachable =
  (tool: Tool, given: Partial<Terminal> = {}): Tool =>
  (args, terminal) =>
    tool(args, {
      ...terminal,
      ...given,
      env: { ...terminal.env, ORDER_URL: on.url('order', ''), INVENTORY_URL: on.url('inventory', ''), ...given.env },
    });

/** Rows of the final tables, by their first column. */
const rowsOf = (lines: readonly string[]) => new Map(lines.map((line) => [line.split(/ {2,}/u)[0], line]));

test('load ends with a table of the outcomes of its orders and with an audit', async () => {
  const shown: string[] = [];
  const tool = reachable(load, { progress: (text) => void shown.push(text) });
  const mix = 'shipped=6,declined=1,out-of-stock=1,price-changed=1,cancelled=1';
  const { code, out, err } = await runTool(on, tool, '--rate', '50', '--for', '4s', '--mix', mix);
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out[0]).toMatch(/^Placed 200 orders in 4\.\d s, [45]\d\.\d\/s; requested were 50\/s for 4 s\.$/u);
  const rows = rowsOf(out);
  expect(rows.get('accepted')).toMatch(/ 200 {4}100\.0 %$/u);
  expect(rows.get('SHIPPED')).toMatch(/ 120 {4}60\.0 %$/u);
  expect(rows.get('PAYMENT_DECLINED')).toMatch(/ 20 {5}10\.0 %$/u);
  expect(rows.get('REFUNDED')).toMatch(/ 40 {5}20\.0 %$/u);
  expect(rows.get('CANCELLED')).toMatch(/ 20 {5}10\.0 %$/u);
  // A shipment takes half a second, so no order ships sooner.
  expect(rows.get('placed to shipped')).toMatch(/^placed to shipped( +(5|6|7|8|9)\d\d ms| +[\d.]+ s){4}$/u);
  expect(rows.get('response to POST /orders')).toMatch(/( +[\d.]+ m?s){4}$/u);
  expect(out.at(-1)).toMatch(/^No violation\. Checked 0 dead letters, \d+ events, 200 orders/u);
  expect(
    shown.some((text) => /^█+░+ +\d+ % {2}placed \d+\/200, \d+ accepted, 0 refused, \d+ in flight/u.test(text)),
  ).toBe(true);

  const stored = await on.mongo.db('order_db').collection('orders').countDocuments({ status: 'SHIPPED' });
  expect(stored).toBe(120);
}, 120_000);

test('load exits with 1 when the audit finds a violation', async () => {
  const stock = on.mongo.db('inventory_db').collection<{ _id: string }>('inventory');
  await stock.updateOne({ _id: 'P003' }, { $inc: { quantity: 1 } });
  const { code, out } = await runTool(on, reachable(load), '--rate', '5', '--for', '1s');
  await stock.updateOne({ _id: 'P003' }, { $inc: { quantity: -1 } });
  expect(out).toContainEqual(expect.stringMatching(/^VIOLATED {2}stock-balances: /u));
  expect(out.at(-1)).toMatch(/^1 violation\./u);
  expect(code).toBe(1);
}, 120_000);

test('load reports orders that are not final in time by their state, and exits with 1', async () => {
  await on.pipeline.services.payment[0]!.kill('SIGSTOP');
  try {
    const { code, out, err } = await runTool(on, reachable(load), '--rate', '10', '--for', '1s', '--settle', '1s');
    expect(rowsOf(out).get('still PENDING')).toMatch(/ 10 {5}100\.0 %$/u);
    expect(err).toEqual(['10 orders reached no final state within 1 s; npm run order -- why explains each.']);
    expect(code).toBe(1);
  } finally {
    await on.pipeline.services.payment[0]!.kill('SIGCONT');
  }
}, 120_000);

test('load that is stopped reports its orders, and audits nothing', async () => {
  const stopping = new AbortController();
  const shown: string[] = [];
  const tool = reachable(load, { progress: (text) => void shown.push(text) });
  const { ended } = startTool(on, tool, stopping.signal, '--rate', '20', '--for', '10m');
  await eventually(() => expect(shown.some((text) => /placed [1-9]\d*\/12000/u.test(text))).toBe(true));
  stopping.abort();
  const { code, out, err } = await ended;
  expect(code).toBe(1);
  expect(out[0]).toMatch(/^Placed \d+ orders in .* requested were 20\/s for 600 s\.$/u);
  expect(out.join('\n')).not.toContain('violation');
  expect(err).toEqual([expect.stringMatching(/^Stopped; \d+ orders are still in flight, and there was no audit\.$/u)]);
});

test.each([
  [['--rate', '0'], '--rate 0: expected a whole number from 1 to 5000.'],
  [['--rate', '5000', '--for', '1h'], '--rate and --for make 18000000 orders; expected 1 to 1000000.'],
  [['--mix', 'lost=1'], '--mix: there is no kind lost;'],
  [['now'], 'now is not expected; there are options only.'],
])('load %j reports which arguments it takes', async (args, sentence) => {
  const { code, err } = await runTool(on, reachable(load), ...args);
  expect(code).toBe(2);
  expect(err[0]).toContain(sentence);
  expect(err[0]).toContain('See npm run load -- --help.');
});

test('load without services reports what to do', async () => {
  const nowhere = reachable(load, { env: { INVENTORY_URL: 'http://127.0.0.1:1' } });
  const { code, err } = await runTool(on, nowhere, '--for', '1s');
  expect(code).toBe(2);
  expect(err[0]).toMatch(
    /^The inventory service at http:\/\/127\.0\.0\.1:1 does not respond \(.+\); start the pipeline with npm start, or set INVENTORY_URL and ORDER_URL\.$/u,
  );
});

test('watch follows an order to its final state', async () => {
  const orderId = await placeOrder(on, articleOrder);
  const { out, ended } = startTool(on, watch, new AbortController().signal, orderId);
  // Earlier events are printed while the shipment is pending.
  await eventually(() => expect(out.length).toBeGreaterThan(1));
  expect((await getJson(on.url('order', `/orders/${orderId}`))).body.status).not.toBe('SHIPPED');
  const { code } = await ended;
  expect(code).toBe(0);
  expect(out.slice(0, 4).map((line) => line.split(/ {2,}/u).slice(2, 4))).toEqual([
    ['order_placed', 'PENDING'],
    ['payment_processed', 'COMPLETED'],
    ['inventory_updated', 'RESERVED'],
    ['shipment_processed', 'SHIPPED'],
  ]);
  for (const line of out.slice(0, 4)) expect(line).toMatch(/^\d{4}-\S+Z {2}\+\d+ ms .* \d+\/\d+$/u);
  expect(out.join('\n')).toMatch(
    /It is SHIPPED[^]*The parcel TRK-[0-9A-F]{8} has been shipped\.\nIt is in a final state/u,
  );
});

test('watch gives up after its time limit, and names the command that explains the order', async () => {
  await on.pipeline.services.payment[0]!.kill('SIGSTOP');
  try {
    const orderId = await placeOrder(on, orderOf(articleOrder.items));
    const { code, err } = await runTool(on, watch, orderId, '--for', '1s');
    expect(err).toEqual([
      `It is PENDING and has reached no final state; npm run order -- why ${orderId} explains why.`,
    ]);
    expect(code).toBe(1);
  } finally {
    await on.pipeline.services.payment[0]!.kill('SIGCONT');
  }
});

test('an unknown order and a malformed id have different errors', async () => {
  const unknown = '00000000-0000-7000-8000-000000000000';
  expect((await runTool(on, watch, unknown)).err).toEqual([`There is no order ${unknown}.`]);
  expect((await runTool(on, watch, 'ORDER-1')).err[0]).toContain('ORDER-1 is no order id, which is a UUID.');
  expect((await runTool(on, watch)).code).toBe(2);
});
