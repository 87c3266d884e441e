/** What operators look at and act on, in a real browser: dead letters, partitions with their scaler, the auditor's verdict. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilFinal } from '../support/orders.ts';
import { useBrowser } from './browser.ts';
import { useDashboard } from './dashboard.ts';
import { deadLetterOrders, letter, openDeadLetters, poison, poisonOrders, token } from './dead-letters.ts';
import { useSurroundings } from './surroundings.ts';

const surroundings = useSurroundings();
const on = useDashboard(Object.assign(surroundings.env, { OPERATOR_TOKEN: token }));
const browser = useBrowser();

const group = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });

describe('the auditor’s verdict', () => {
  test('is that the books balance, or what is wrong, until it is mended', async () => {
    const orderId = await placeOrder(on, articleOrder);
    await untilFinal(on, orderId);
    const page = await browser.open(on.view('#/health'));
    const auditor = page.locator('.health-item', { hasText: 'auditor' });
    await auditor.getByText('does not answer').waitFor();
    await page.getByText('Not well: auditor.').waitFor();

    surroundings.audit(on);
    await auditor.getByText('the books balance').waitFor();
    await page.getByText('Everything is well.').waitFor();

    await deadLetterOrders(on, ['Left behind']);
    await auditor.getByText('1 violation', { exact: true }).waitFor();
    await auditor.getByText('dead-letters-are-resolved').waitFor();
    await page.getByText('Not well: auditor.').waitFor();

    const letters = await openDeadLetters(on, browser);
    await letters.getByLabel('Choose all').check();
    await letters.getByRole('button', { name: 'Discard …' }).click();
    await letters.getByRole('button', { name: 'Discard 1 dead letter for good' }).click();
    await letters.getByText('No dead letter waits for a decision.').waitFor();
    await auditor.getByText('the books balance').waitFor();
  });
});

describe('partitions', () => {
  test('show who reads what, a rebalance as it happens, and how far a group is behind', async () => {
    const page = await browser.open(on.view('#/partitions'));
    const owners = group(page, 'payment-service').locator('td .letter');
    await owners.first().waitFor();
    expect(new Set(await owners.allTextContents())).toEqual(new Set(['A']));
    await on.pipeline.addReplica('payment');
    await eventually(async () => expect(new Set(await owners.allTextContents())).toEqual(new Set(['A', 'B'])));
    await page.locator('.rebalances', { hasText: /payment-service1 → 2 members, \d+ partitions moved/ }).waitFor();

    await on.pipeline.services.shipment[0]!.stop();
    const many = Array.from({ length: 4 }, (_, n) =>
      orderOf([{ product_id: 'P003', quantity: 1, price: 19.99 }], `C${n}`),
    );
    await placeOrders(on, many.length, (n) => many[n]!);
    const shipment = group(page, 'shipment-service');
    await shipment.getByText(/4 events behind, \d/).waitFor();
    await shipment.getByText('nobody reads').waitFor();
    // By ear and eye, with no pointer to hover.
    const behind = shipment.locator('td', { has: page.locator('.age') });
    await eventually(async () => {
      for (const text of await behind.allTextContents()) {
        expect(text).toMatch(/^–nobody, \d+behind, the oldest \d+(\.\d)? (ms|s)$/);
      }
      expect(await behind.count()).toBeGreaterThan(0);
    });

    await page.goto(on.view('#/health'));
    await page.getByText('Not well: shipment service, shipment outbox.').waitFor();
    await on.pipeline.services.shipment[0]!.start();
    await page.getByText('Everything is well.').waitFor();
    await page.goto(on.view('#/partitions'));
    await shipment.getByText('up to date').waitFor();
  });

  test('show how many replicas the scaler wants and has, and why', async () => {
    const message = '900 records wait, 12/s arrive, a replica does 10/s: 2 would take 90 s, 5 take 18 s.';
    surroundings.scalers = {
      'payment-service': { had: 2, wanted: 5, reason: 'BehindObjective', message },
      'order-service': undefined,
    };
    const page = await browser.open(on.view('#/partitions'));
    const replicas = (name: string): Locator => group(page, name).locator('.replicas');
    await replicas('payment-service').waitFor();
    expect(await replicas('payment-service').textContent()).toBe(`2 replicas, 5 wanted behind objective ${message}`);
    expect(await replicas('order-service').textContent()).toBe('The scaler has not looked at this group yet.');
    expect(await replicas('shipment-service').count()).toBe(0);

    surroundings.scalers = { 'payment-service': { had: 5, wanted: 5, reason: 'OnTarget', message: '5 are enough.' } };
    await replicas('payment-service').getByText('5 replicas, 5 wanted').waitFor();
  });

  test('are shown all the same when the scaler’s resources cannot be read', async () => {
    surroundings.scalers = 'forbidden';
    const page = await browser.open(on.view('#/partitions'));
    await page
      .getByRole('alert')
      .getByText("The scaler's resources cannot be read: the API server answers 403: consumerscalers is forbidden.")
      .waitFor();
    await group(page, 'payment-service').getByText('up to date').waitFor();
    expect(await page.locator('.replicas').count()).toBe(0);
    surroundings.scalers = {};
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

describe('dead letters', () => {
  const manyLetters = 150;

  beforeAll(() => poisonOrders(on, 'not an order'));

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
    const [redrivenId] = await deadLetterOrders(on, ['Redriven']);
    const page = await openDeadLetters(on, browser);
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
    const page = await openDeadLetters(on, browser);
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

  test('are all taken at once, however many are shown', async () => {
    await deadLetterOrders(
      on,
      Array.from({ length: manyLetters }, (_, n) => `Many ${n}`),
    );
    const page = await openDeadLetters(on, browser);
    expect(await page.locator('.letters tbody').count()).toBe(manyLetters);
    await page.getByLabel('Choose all').check();
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.locator('.report').waitFor();
    expect(await page.locator('.report li').count()).toBe(manyLetters);
    await page.getByRole('button', { name: 'Discard …' }).click();
    await page.getByRole('button', { name: `Discard ${manyLetters} dead letters for good` }).click();
    await page.getByText('No dead letter waits for a decision.').waitFor();
  });
});
