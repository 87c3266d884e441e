/** The live page in a real browser shows each order in its lane, counts all of them, and misses no step. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { freePort } from '../../dev/ports.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { putJson } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilFinal } from '../support/orders.ts';
import { useBrowser } from './browser.ts';
import { fillStock, useDashboard } from './dashboard.ts';
import {
  card,
  measureFrames,
  placeAs,
  placeAtRate,
  recordedLanes,
  recordLanes,
  shippedCount,
  track,
  untilAllStepsReceived,
  untilNoOrderIsOpen,
} from './live-page.ts';

// Parcels leave late enough for a cancellation.
const on = useDashboard({ SHIPMENT_PROCESSING_MS: '3000' });
const browser = useBrowser();

const cutMs = 10_000;
const highRateMs = 8_000;

test('an order from the form moves through all four lanes without a reload', async () => {
  const page = await browser.open(on.view());
  await recordLanes(page, 'Ada Lovelace');
  await placeAs(page, 'Ada Lovelace');
  await eventually(async () =>
    expect(await recordedLanes(page)).toEqual(['order', 'payment', 'inventory', 'shipment']),
  );
  expect(await card(page, 'Ada Lovelace').textContent()).toContain('Shipped');
  expect(await track(page, 'Ada Lovelace').locator('.passed-label').allTextContents()).toEqual([
    'Placed',
    'Paid',
    'Reserved',
    'Shipped',
  ]);
});

test('an order that is declined, out of stock or wrongly priced shows where and why it is refused', async () => {
  const page = await browser.open(on.view());
  await page.getByLabel('Customer', { exact: true }).fill('Refused');
  for (const [button, state, reason, lane] of [
    ['Declined', 'Declined', 'customer declined', 'payment'],
    ['Out of stock', 'Refunded', 'out of stock', 'payment'],
    ['Price changed', 'Refunded', 'price changed', 'payment'],
  ] as const) {
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.locator('.outcome', { hasText: 'is placed' }).waitFor();
    const found = page.locator('.track.final', { hasText: reason }).locator('.card');
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

test('an order can be cancelled until its parcel has left', async () => {
  const page = await browser.open(on.view());
  await placeAs(page, 'Grace Hopper');
  await page.getByRole('button', { name: 'Cancel order' }).click();
  await page.locator('.track.final', { hasText: 'Cancelled' }).waitFor();

  await page.getByRole('link', { name: 'Show order' }).click();
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
  await page.locator('.track.final', { hasText: 'Too late' }).waitFor();
  await page.getByRole('button', { name: 'Cancel order' }).click();
  await page.getByText('The order is SHIPPED and can no longer be cancelled').waitFor();
});

test('an order can be placed once the catalogue is loaded', async () => {
  const page = await browser.open(on.view());
  const released = Promise.withResolvers<void>();
  await page.route('**/api/catalogue', async (request) => {
    await released.promise;
    await request.continue();
  });
  await page.reload();
  expect(await page.getByRole('button', { name: 'Place order' }).isDisabled()).toBe(true);
  released.resolve();
  await placeAs(page, 'After the catalogue');
});

test('a rejected order shows each fault beside its field', async () => {
  const page = await browser.open(on.view());
  await page.getByLabel('Customer', { exact: true }).fill(' ');
  await page.getByLabel('Quantity of P001').fill('0');
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.getByText('The order service rejects this order').waitFor();
  expect(await page.locator('#fault-customer_id').textContent()).toMatch(/must not be empty/);
  expect(await page.locator('#fault-items').textContent()).toMatch(/./);
  expect(await page.getByLabel('Customer', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByLabel('Customer', { exact: true }).getAttribute('aria-describedby')).toBe('fault-customer_id');
});

test('markup in an order is shown as text', async () => {
  const address = '<script>globalThis.ran = 1</script><img src=x onerror="globalThis.ran = 2">';
  const page = await browser.open(on.view());
  await page.getByLabel('Shipping address', { exact: true }).fill(address);
  await placeAs(page, '<b>Robert</b>');
  expect(await track(page, '<b>Robert</b>').locator('.passed-note').first().textContent()).toBe(address);
  await page.getByRole('link', { name: 'Show order' }).click();
  await page.getByRole('complementary').getByText(address).waitFor();
  await page.getByText('order_placed as JSON').click();
  expect(await page.locator('.timeline pre').first().textContent()).toContain('<script>globalThis.ran = 1</script>');
  expect(await page.evaluate('globalThis.ran')).toBeUndefined();
  expect(await page.locator('main :is(img, script)').count()).toBe(0);
});

test('a stream of orders is placed at its rate, and the totals count each of them', async () => {
  const page = await browser.open(on.view());
  await untilNoOrderIsOpen(on, page);
  const before = await shippedCount(page);
  await page.getByLabel('Orders', { exact: true }).fill('12');
  await page.getByLabel('per second').fill('6');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('12 placed').waitFor();
  await eventually(async () => expect(await shippedCount(page)).toBe(before + 12));
});

test('the page misses no step when its feed is cut for ten seconds', async () => {
  const direct = new URL(on.view());
  const proxy = await startTcpProxy(await freePort(), Number(direct.port));
  try {
    const page = await browser.open(`http://127.0.0.1:${proxy.port}/#/`);
    await untilNoOrderIsOpen(on, page);
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
    await untilAllStepsReceived(on, page);
  } finally {
    await proxy.stop();
  }
}, 120_000);

test('the page reconnects by itself after a graceful shutdown and restart of the dashboard', async () => {
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

test('an order exceeds the stock even when every product has plenty, and the load tool’s products are not listed', async () => {
  await fillStock(on);
  await putJson(on.url('inventory', '/inventory/LOAD-1'), { quantity: 1_000_000_000, price: 10 });
  const page = await browser.open(on.view());
  await page.getByText('1 product of the load tool not listed').waitFor();
  expect(await page.locator('.catalogue b').allTextContents()).toEqual(['P001', 'P002', 'P003']);

  await page.getByLabel('Customer', { exact: true }).fill('Plenty');
  await page.getByRole('button', { name: 'Out of stock', exact: true }).click();
  await track(page, 'Plenty').locator('.reason', { hasText: 'out of stock' }).waitFor();
  await page.locator('.track.final', { hasText: 'Plenty' }).waitFor();
  expect(await card(page, 'Plenty').textContent()).toContain('Refunded');
});

test('the page stays responsive at 200 orders a second, and counts each of them', async () => {
  await fillStock(on);
  const page = await browser.open(on.view());
  await untilNoOrderIsOpen(on, page);
  const before = await shippedCount(page);
  const order = orderOf([{ product_id: 'P001', quantity: 1, price: 29.99 }]);
  const placing = placeAtRate(200, highRateMs, () => placeOrder(on, order));
  await page.getByText('the cards are a sample').waitFor();
  const { framesPerSecond, medianGapMs, busyShare } = await measureFrames(page, 3_000);
  const count = await placing;
  process.stderr.write(
    `${Math.round(count / (highRateMs / 1_000))} orders/s: ${framesPerSecond.toFixed(0)} frames/s, median gap ` +
      `${medianGapMs.toFixed(0)} ms, main thread busy ${(busyShare * 100).toFixed(0)} %\n`,
  );
  // Frames are late while other processes use the CPU; the main thread's own share does not depend on them.
  expect(busyShare).toBeLessThan(0.5);
  await eventually(async () => expect(await shippedCount(page)).toBe(before + count));
  expect(await page.locator('.track').count()).toBeLessThan(20);
});
