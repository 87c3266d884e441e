/** The live page in a real browser: orders are placed, seen to move from lane to lane, refused and cancelled. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { openStates } from '@order-pipeline/events/order-lifecycle';
import { freePort } from '../../dev/ports.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { putJson } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilFinal } from '../support/orders.ts';
import { useBrowser } from './browser.ts';
import { fillStock, useDashboard } from './dashboard.ts';

// A parcel takes its time, so that an order can be cancelled before it has gone.
const on = useDashboard({ SHIPMENT_PROCESSING_MS: '3000' });
const browser = useBrowser();

const cutMs = 10_000;
const floodMs = 8_000;

const track = (page: Page, customer: string): Locator => page.locator('.track', { hasText: customer });
const card = (page: Page, customer: string): Locator => track(page, customer).locator('.card');

async function placeAs(page: Page, customer: string): Promise<void> {
  await page.getByLabel('Customer', { exact: true }).fill(customer);
  await page.getByRole('button', { name: 'Place order' }).click();
  await track(page, customer).waitFor();
}

/** Every lane in which the customer's card was, in turn; noted by the page itself, because a poll might miss one. */
async function noteLanes(page: Page, customer: string): Promise<void> {
  await page.evaluate(`{
    const noted = (globalThis.noted = []);
    const look = () => {
      const row = [...document.querySelectorAll('.track')].find((each) => each.textContent.includes('${customer}'));
      const lane = row?.querySelector('.card').className.replace('card at-', '');
      if (lane && noted.at(-1) !== lane) noted.push(lane);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  }`);
}
/** A page begins with the steps of the last orders, which are not there yet when it has only connected. */
async function untilAllStepsSeen(page: Page): Promise<void> {
  const counters = on.mongo.db('dashboard_db').collection<{ _id: string; last: number }>('counters');
  const connection = page.locator('.connection');
  await eventually(async () => {
    const counter = await counters.findOne();
    expect((await connection.textContent())?.replaceAll(',', '')).toBe(`Live${counter?.last} steps`);
  });
}

/** What the tests before have placed is still on its way for a while; then nothing moves that this one did not place. */
async function untilAtRest(page: Page): Promise<void> {
  const orders = on.mongo.db('order_db').collection('orders');
  const steps = on.mongo.db('dashboard_db').collection('steps');
  await eventually(async () => {
    expect(await orders.countDocuments({ status: { $in: openStates } })).toBe(0);
    const shipped = { type: 'shipment_processed', 'data.status': 'SHIPPED' };
    expect(await steps.countDocuments(shipped)).toBe(await orders.countDocuments({ status: 'SHIPPED' }));
  });
  await untilAllStepsSeen(page);
}

/** Orders that the page has counted as shipped. */
const shippedCount = async (page: Page): Promise<number> =>
  Number((await page.locator('.total.good dd').textContent())?.replaceAll(',', ''));

const notedLanes = (page: Page): Promise<string[]> => page.evaluate('globalThis.noted');

test('an order placed with the form arrives in all four lanes without a reload', async () => {
  const page = await browser.open(on.view());
  await noteLanes(page, 'Ada Lovelace');
  await placeAs(page, 'Ada Lovelace');
  await eventually(async () => expect(await notedLanes(page)).toEqual(['order', 'payment', 'inventory', 'shipment']));
  expect(await card(page, 'Ada Lovelace').textContent()).toContain('Shipped');
  expect(await track(page, 'Ada Lovelace').locator('.print-label').allTextContents()).toEqual([
    'Placed',
    'Paid',
    'Reserved',
    'Shipped',
  ]);
});

test('what is declined, out of stock or at another price ends where it is refused, and says why', async () => {
  const page = await browser.open(on.view());
  await page.getByLabel('Customer', { exact: true }).fill('Refused');
  for (const [button, state, reason, lane] of [
    ['Declined', 'Declined', 'customer declined', 'payment'],
    ['Out of stock', 'Refunded', 'out of stock', 'payment'],
    ['Price changed', 'Refunded', 'price changed', 'payment'],
  ] as const) {
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.locator('.outcome', { hasText: 'is placed' }).waitFor();
    const found = page.locator('.track.ended', { hasText: reason }).locator('.card');
    await found.waitFor();
    expect(await found.textContent()).toContain(state);
    expect(await found.getAttribute('class')).toContain(`at-${lane}`);
  }

  await page.locator('.track', { hasText: 'price changed' }).getByRole('link').click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  expect(await page.locator('.timeline .step-head b').allTextContents()).toEqual([
    'Placed',
    'Paid',
    'Rejected',
    'Refunded',
  ]);
  expect(await page.locator('.timeline .hop').count()).toBe(3);
  await page.getByText('inventory_updated as JSON').click();
  expect(JSON.parse((await page.locator('.timeline pre').nth(2).textContent()) ?? '')).toMatchObject({
    status: 'REJECTED',
    reason: 'PRICE_CHANGED',
  });
  expect(await page.locator('.timeline .place').first().textContent()).toMatch(
    /order_placed · partition \d+ · offset \d+/,
  );
  expect(await page.getByRole('complementary').textContent()).toMatch(/Trace[0-9a-f]{32}/);
});

test('an order is cancelled before its parcel goes, and one that has gone is not', async () => {
  const page = await browser.open(on.view());
  await placeAs(page, 'Grace Hopper');
  await page.getByRole('button', { name: 'Cancel it' }).click();
  await page.locator('.track.ended', { hasText: 'Cancelled' }).waitFor();

  await page.getByRole('link', { name: 'Look at it' }).click();
  await page.locator('.badge', { hasText: 'Cancelled' }).waitFor();
  const steps = page.locator('.timeline .step-head b');
  await eventually(async () =>
    expect((await steps.allTextContents()).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'Cancelling',
      'Paid',
      'Placed',
      'Refunded',
      'Released',
      'Reserved',
      'Stopped',
    ]),
  );

  await page.getByRole('link', { name: 'Live', exact: true }).first().click();
  await placeAs(page, 'Too late');
  await page.locator('.track.ended', { hasText: 'Too late' }).waitFor();
  await page.getByRole('button', { name: 'Cancel it' }).click();
  await page.getByText('The order is SHIPPED and can no longer be cancelled').waitFor();
});

test('what the order service refuses stands beside its field, and nothing is placed', async () => {
  const page = await browser.open(on.view());
  await page.getByLabel('Customer', { exact: true }).fill(' ');
  await page.getByLabel('Pieces of P001').fill('0');
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.getByText('The order service refuses this order').waitFor();
  expect(await page.locator('#fault-customer_id').textContent()).toMatch(/must not be empty/);
  expect(await page.locator('#fault-items').textContent()).toMatch(/./);
  expect(await page.getByLabel('Customer', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByLabel('Customer', { exact: true }).getAttribute('aria-describedby')).toBe('fault-customer_id');
});

test('markup in an order is text wherever it is shown', async () => {
  const address = '<script>globalThis.ran = 1</script><img src=x onerror="globalThis.ran = 2">';
  const page = await browser.open(on.view());
  await page.getByLabel('Shipping address', { exact: true }).fill(address);
  await placeAs(page, '<b>Robert</b>');
  expect(await track(page, '<b>Robert</b>').locator('.print-note').first().textContent()).toBe(address);
  await page.getByRole('link', { name: 'Look at it' }).click();
  await page.getByRole('complementary').getByText(address).waitFor();
  await page.getByText('order_placed as JSON').click();
  expect(await page.locator('.timeline pre').first().textContent()).toContain('<script>globalThis.ran = 1</script>');
  expect(await page.evaluate('globalThis.ran')).toBeUndefined();
  expect(await page.locator('main :is(img, script)').count()).toBe(0);
});

test('a stream of orders is placed at its pace and counted by every lane', async () => {
  const page = await browser.open(on.view());
  await untilAtRest(page);
  const before = await shippedCount(page);
  await page.getByLabel('Orders', { exact: true }).fill('12');
  await page.getByLabel('per second').fill('6');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('12 placed').waitFor();
  await eventually(async () => expect(await shippedCount(page)).toBe(before + 12));
});

test('a feed that is cut for ten seconds misses no step', async () => {
  const direct = new URL(on.view());
  const proxy = await startTcpProxy(await freePort(), Number(direct.port));
  try {
    const page = await browser.open(`http://127.0.0.1:${proxy.port}/#/`);
    await untilAtRest(page);
    const before = await shippedCount(page);

    proxy.set('refuse');
    proxy.cut();
    await page.locator('.connection.cut').waitFor();
    const cutAtMs = performance.now();
    const ids = await placeOrders(on, 40, () => articleOrder);
    await Promise.all(ids.map((id) => untilFinal(on, id)));
    await pause(Math.max(0, cutMs - (performance.now() - cutAtMs)));
    expect(await shippedCount(page)).toBe(before);

    proxy.set('pass');
    await eventually(async () => expect(await shippedCount(page)).toBe(before + ids.length));
    await untilAllStepsSeen(page);
  } finally {
    await proxy.stop();
  }
}, 120_000);

test('a dashboard that is stopped lets go of its pages at once, and they find it again by themselves', async () => {
  const page = await browser.open(on.view());
  await page.locator('.connection.live').waitFor();
  const [dashboard] = on.pipeline.services.dashboard;
  const { exitCode, tookMs } = await dashboard!.stop();
  expect({ exitCode, inTime: tookMs < 9_000 }).toEqual({ exitCode: 0, inTime: true });
  await page.locator('.connection.cut').waitFor();
  await dashboard!.start();
  await page.locator('.connection.live').waitFor();
  await placeAs(page, 'After the restart');
  await track(page, 'After the restart').locator('.at-shipment').waitFor();
  expect(await page.locator('.connection .warn').count()).toBe(0);
});

test('something is out of stock however much there is, and the load tool’s products stay off the shelf', async () => {
  await fillStock(on);
  await putJson(on.url('inventory', '/inventory/LOAD-1'), { quantity: 1_000_000_000, price: 10 });
  const page = await browser.open(on.view());
  await page.getByText('1 product of the load tool not listed').waitFor();
  expect(await page.locator('.catalogue b').allTextContents()).toEqual(['P001', 'P002', 'P003']);

  await page.getByLabel('Customer', { exact: true }).fill('Plenty');
  await page.getByRole('button', { name: 'Out of stock', exact: true }).click();
  await track(page, 'Plenty').locator('.reason', { hasText: 'out of stock' }).waitFor();
  await page.locator('.track.ended', { hasText: 'Plenty' }).waitFor();
  expect(await card(page, 'Plenty').textContent()).toContain('Refunded');
});

test('the page stays fluid at 200 orders a second, and counts each of them', async () => {
  await fillStock(on);
  const page = await browser.open(on.view());
  await untilAtRest(page);
  const before = await shippedCount(page);
  const order = orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }]);
  const flood = placeAtRate(200, floodMs, () => placeOrder(on, order));
  await page.getByText('the cards are a sample').waitFor();
  const { framesPerSecond, medianGapMs, busyShare } = await measureFrames(page, 3_000);
  const count = await flood;
  process.stderr.write(
    `${Math.round(count / (floodMs / 1_000))} orders/s: ${framesPerSecond.toFixed(0)} frames/s, median gap ` +
      `${medianGapMs.toFixed(0)} ms, main thread busy ${(busyShare * 100).toFixed(0)} %\n`,
  );
  // Frames come late where other programs have the processor; what the page itself asks of it does not depend on them.
  expect(busyShare).toBeLessThan(0.5);
  await eventually(async () => expect(await shippedCount(page)).toBe(before + count));
  expect(await page.locator('.track').count()).toBeLessThan(20);
});

/** Calls at a steady pace, and answers how many it made once all are done. */
async function placeAtRate(perSecond: number, forMs: number, place: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  const placing: Promise<unknown>[] = [];
  for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - begunMs) {
    while (placing.length < (passedMs / 1_000) * perSecond) placing.push(place());
    await pause(10);
  }
  await Promise.all(placing);
  return placing.length;
}

async function measureFrames(page: Page, forMs: number) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  };
  const busyBefore = await busySeconds();
  const gapsMs = await page.evaluate<number[]>(`new Promise((resolve) => {
    const gaps = [];
    let last = performance.now();
    const end = last + ${forMs};
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(frame);
      else resolve(gaps);
    };
    requestAnimationFrame(frame);
  })`);
  const tookMs = gapsMs.reduce((sum, gap) => sum + gap, 0);
  return {
    framesPerSecond: gapsMs.length / (tookMs / 1_000),
    medianGapMs: gapsMs.toSorted((a, b) => a - b)[gapsMs.length >> 1]!,
    busyShare: ((await busySeconds()) - busyBefore) / (tookMs / 1_000),
  };
}
