/** What operators look at and act on, in a real browser, and that nobody is kept out: by eye, ear, keyboard or screen. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { encodeEvent } from '@order-pipeline/events';
import { deadLetterHeaders } from '@order-pipeline/messaging';
import { eventually } from '../support/eventually.ts';
import { getJson } from '../support/http.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilEnd } from '../support/orders.ts';
import { narrow, useBrowser, wide } from './browser.ts';
import { useDashboard } from './dashboard.ts';

const token = 'an-operator-token-for-tests';
const on = useDashboard({ OPERATOR_TOKEN: token });
const browser = useBrowser();

const views = ['live', 'order', 'partitions', 'dead-letters', 'health'] as const;
let orderId: string;

/** Publishes records as they are. */
async function produce(topic: string, messages: { key: string; value: string; headers?: Record<string, string> }[]) {
  const producer = on.kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

const poison = '{"status": <img src=x onerror=alert(1)>}';

const customers = ['Barbara', 'DECLINE-1', 'Edsger', 'Grace', 'Niklaus', 'Ada'];
const mispriced = orderOf([{ product_id: 'P001', quantity: 1, price: 30.99 }], 'Leslie');

beforeAll(async () => {
  orderId = await placeOrder(on, mispriced);
  const others = await placeOrders(on, 6, (n) => ({ ...articleOrder, customer_id: customers[n]! }), { clients: 1 });
  await Promise.all([orderId, ...others].map((id) => untilEnd(on, id)));
});

/** The dead letter that payment-service would have made of this order, had its handler failed. */
async function deadLetterAnOrder(customer_id: string): Promise<string> {
  const order_id = randomUUID();
  const { key, value, headers } = encodeEvent({
    type: 'order_placed',
    data: {
      order_id,
      status: 'PENDING',
      timestamp: new Date().toISOString(),
      customer_id,
      items: [{ product_id: 'P002', quantity: 1, price_minor: 49_99 }],
      shipping_address: 'Where it was meant to go',
      total_minor: 49_99,
      currency: 'USD',
    },
  });
  const reason = {
    [deadLetterHeaders.topic]: 'order_placed',
    [deadLetterHeaders.partition]: '0',
    [deadLetterHeaders.offset]: '0',
    [deadLetterHeaders.group]: 'payment-service',
    [deadLetterHeaders.attempt]: '3',
    [deadLetterHeaders.errorClass]: 'TypeError',
    [deadLetterHeaders.errorMessage]: 'the gateway gave an answer that cannot be read',
    [deadLetterHeaders.errorKind]: 'handler',
  };
  await produce('payment-service.dlq', [{ key, value, headers: { ...headers, ...reason } }]);
  return order_id;
}

async function openDeadLetters(options = {}): Promise<Page> {
  const page = await browser.open(on.view('#/dead-letters'), options);
  await page.getByLabel("Operator's token").fill(token);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.locator('.letters').waitFor();
  return page;
}
const letter = (page: Page, text: string): Locator => page.locator('.letters tbody', { hasText: text });

describe('dead letters', () => {
  beforeAll(async () => {
    await produce('order_placed', [{ key: orderId, value: poison }]);
    await eventually(async () => expect(await deadLetterEnd('payment-service.dlq')).toBe(1));
  });

  async function deadLetterEnd(topic: string): Promise<number> {
    const admin = on.kafka.admin();
    await admin.connect();
    const [end] = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    return Number(end?.high);
  }

  test('are shown to nobody without the operator’s token', async () => {
    const page = await browser.open(on.view('#/dead-letters'));
    await page.getByLabel("Operator's token").fill('not the token, however long');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page
      .getByRole('alert')
      .getByText('The dead letters ask for the operator’s token'.replace('’', "'"))
      .waitFor();
    expect(await page.locator('.letters').count()).toBe(0);
  });

  test('are looked into, redriven after a dry run, and their order then goes its way', async () => {
    const redrivenId = await deadLetterAnOrder('Redriven');
    const page = await openDeadLetters();
    const row = letter(page, 'cannot be read');
    await row.getByRole('button', { name: 'Look inside' }).click();
    await row.locator('pre', { hasText: 'Where it was meant to go' }).waitFor();

    await row.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.locator('.report', { hasText: 'would be redriven to order_placed' }).waitFor();
    expect(await row.count()).toBe(1);

    await page.getByRole('button', { name: 'Redrive' }).click();
    await page.locator('.report', { hasText: /redriven to order_placed, partition \d+, offset \d+/ }).waitFor();
    await row.waitFor({ state: 'detached' });
    await page.goto(on.view(`#/orders/${redrivenId}`));
    await page.locator('.timeline .step-head').getByText('Shipped').waitFor();
  });

  test('are shown as they are, discarded only when asked twice, and stay on record', async () => {
    const page = await openDeadLetters();
    const rows = letter(page, 'not JSON');
    await rows.first().getByRole('button', { name: 'Look inside' }).click();
    await rows.first().locator('pre', { hasText: poison }).waitFor();
    await page.getByLabel('Choose all').check();
    await page.getByRole('button', { name: 'Discard …' }).click();
    expect(await rows.count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: /Discard \d dead letters? for good/ }).click();
    await page.getByText('No dead letter waits for a decision.').waitFor();
    await page.getByLabel('show those that were dealt with').check();
    await letter(page, 'discarded by dashboard').first().waitFor();
    await letter(page, 'redriven by dashboard').first().waitFor();
  });
});

test('partitions show who reads what, a rebalance as it happens, and how far a group is behind', async () => {
  const page = await browser.open(on.view('#/partitions'));
  const group = (name: string): Locator => page.getByRole('region', { name, exact: true });
  const owners = group('payment-service').locator('td .letter');
  await owners.first().waitFor();
  expect(new Set(await owners.allTextContents())).toEqual(new Set(['A']));
  await on.pipeline.addReplica('payment');
  await eventually(async () => expect(new Set(await owners.allTextContents())).toEqual(new Set(['A', 'B'])));
  await page.locator('.rebalances', { hasText: /payment-service1 → 2 members, \d+ partitions moved/ }).waitFor();

  await on.pipeline.services.shipment[0]!.stop();
  await placeOrders(on, 4, () => articleOrder);
  await group('shipment-service')
    .getByText(/4 events behind, \d/)
    .waitFor();
  await group('shipment-service').getByText('nobody reads').waitFor();

  await page.goto(on.view('#/health'));
  await page.getByText('Not well: shipment service, shipment outbox.').waitFor();
  await on.pipeline.services.shipment[0]!.start();
  await page.getByText('Everything is well.').waitFor();
  await page.goto(on.view('#/partitions'));
  await group('shipment-service').getByText('up to date').waitFor();
});

describe('everybody', () => {
  const addressOf = (view: (typeof views)[number]): string =>
    on.view(view === 'live' ? '#/' : view === 'order' ? `#/orders/${orderId}` : `#/${view}`);
  const shown = {
    live: '.track.ended',
    order: '.timeline li:nth-child(4)',
    partitions: '.map td',
    'dead-letters': '.inside pre',
    health: '.health-item',
  } as const;
  const screens = {
    wide: { viewport: wide, colorScheme: 'light' },
    narrow: { viewport: narrow, colorScheme: 'dark', reducedMotion: 'reduce' },
  } as const;

  async function look(view: (typeof views)[number], options: object): Promise<Page> {
    const page =
      view === 'dead-letters' ? await openDeadLetters(options) : await browser.open(addressOf(view), options);
    if (view === 'dead-letters') await page.getByRole('button', { name: 'Look inside' }).first().click();
    await page.locator(shown[view]).first().waitFor();
    return page;
  }

  beforeAll(() => deadLetterAnOrder('CUST001').then(() => undefined));

  test.each(views)('can use %s: axe finds nothing serious, and nothing is wider than its screen', async (view) => {
    for (const [name, screen] of Object.entries(screens)) {
      // The policy would refuse the checker itself.
      const page = await look(view, { ...screen, bypassCSP: true });
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run({ resultTypes: ['violations'] })");
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) }))).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      if (process.env['UPDATE_SCREENSHOTS']) await keepScreenshot(page, view, name);
    }
  });

  /** docs/screenshots, as they are now: `UPDATE_SCREENSHOTS=1 npm test -- tests/dashboard`. */
  async function keepScreenshot(page: Page, view: string, screen: string): Promise<void> {
    const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
    mkdirSync(folder, { recursive: true });
    const some = [...customers.map((name) => ({ ...articleOrder, customer_id: name })), mispriced];
    if (view === 'live') await placeOrders(on, some.length, (n) => some[n]!, { clients: 1, pauseMs: 320 });
    await page.screenshot({ path: `${folder}${view}-${screen}.png` });
  }

  test('can place and follow an order with the keyboard alone', async () => {
    const page = await browser.open(on.view());
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()');
    const tabUntil = async (wanted: string): Promise<void> => {
      for (let tabs = 0; tabs < 60; tabs += 1) {
        await page.keyboard.press('Tab');
        if ((await focused()) === wanted) return;
      }
      throw new Error(`${wanted} cannot be reached with the keyboard`);
    };
    await page.locator('.track').first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('content');
    await tabUntil('order-customer');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Keyboard');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Look at it' }).waitFor();
    await tabUntil('Look at it');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    expect(await focused()).toBe('content');
  });

  test('can read what the API offers, in OpenAPI 3.1', async () => {
    const { body } = await getJson(`${on.view('')}openapi.json`);
    expect(await new Validator().validate(body)).toEqual({ valid: true });
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/', '/api/feed', '/api/orders', '/metrics']));
  });

  test('sees something within a second, under a policy that allows no foreign or inline code', async () => {
    const paints: number[] = [];
    for (let load = 0; load < 3; load += 1) {
      const page = await browser.open(on.view());
      await page.locator('.lanes').waitFor();
      const paint = await eventually(async () => {
        const first = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        const atMs = await page.evaluate<number | undefined>(first);
        return atMs ?? Promise.reject(new Error('nothing was painted'));
      });
      paints.push(paint);
      await page.context().close();
    }
    process.stderr.write(`first contentful paint: ${paints.map((ms) => ms.toFixed(0)).join(', ')} ms\n`);
    expect(Math.min(...paints)).toBeLessThan(1_000);

    const { headers } = await fetch(on.view());
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "require-trusted-types-for 'script'",
    ]) {
      expect(policy).toContain(rule);
    }
  });
});
