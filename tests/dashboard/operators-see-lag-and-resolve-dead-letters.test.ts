/** In a real browser, operators see the auditor's result, partitions with their lag and replicas, and resolve dead letters. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { articleOrder, orderOf, placeOrder, placeOrders, untilFinal } from '../support/orders.ts';
import { useBrowser } from './browser.ts';
import { useDashboard } from './dashboard.ts';
import { deadLetterOrders, deadLetterRow, openDeadLetters, poison, poisonOrders, token } from './dead-letters.ts';
import { useExternalSystems } from './external-systems.ts';

const systems = useExternalSystems();
const on = useDashboard(Object.assign(systems.env, { OPERATOR_TOKEN: token }));
const browser = useBrowser();

const group = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });

describe('the auditor’s result', () => {
  test('is no violation, or the violated rule until the violation is resolved', async () => {
    const orderId = await placeOrder(on, articleOrder);
    await untilFinal(on, orderId);
    const page = await browser.open(on.view('#/health'));
    const auditor = page.locator('.health-item', { hasText: 'auditor' });
    await auditor.getByText('unreachable').waitFor();
    await page.getByText('Degraded or down: auditor.').waitFor();

    systems.audit(on);
    await auditor.getByText('no violations').waitFor();
    await page.getByText('Everything is healthy.').waitFor();

    await deadLetterOrders(on, ['Unresolved']);
    await auditor.getByText('1 violation', { exact: true }).waitFor();
    await auditor.getByText('dead-letters-are-resolved').waitFor();
    await page.getByText('Degraded or down: auditor.').waitFor();

    const deadLetters = await openDeadLetters(on, browser);
    await deadLetters.getByLabel('Select all').check();
    await deadLetters.getByRole('button', { name: 'Discard …' }).click();
    await deadLetters.getByRole('button', { name: 'Discard 1 dead letter permanently' }).click();
    await deadLetters.getByText('There are no unresolved dead letters.').waitFor();
    await auditor.getByText('no violations').waitFor();
  });
});

describe('partitions', () => {
  test('show the assignment of each member, a rebalance as it happens, and the lag of a group', async () => {
    const page = await browser.open(on.view('#/partitions'));
    const owners = group(page, 'payment-service').locator('td .member-label');
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
    await shipment.getByText(/lag 4 events, \d/).waitFor();
    await shipment.getByText('no members').waitFor();
    // The text of the cells, without a pointer that hovers.
    const lagging = shipment.locator('td', { has: page.locator('.age') });
    await eventually(async () => {
      for (const text of await lagging.allTextContents()) {
        expect(text).toMatch(/^–no member, \d+events, the oldest \d+(\.\d)? (ms|s)$/);
      }
      expect(await lagging.count()).toBeGreaterThan(0);
    });

    await page.goto(on.view('#/health'));
    await page.getByText('Degraded or down: shipment service, shipment outbox.').waitFor();
    await on.pipeline.services.shipment[0]!.start();
    await page.getByText('Everything is healthy.').waitFor();
    await page.goto(on.view('#/partitions'));
    await shipment.getByText('no lag').waitFor();
  });

  test('show the actual and desired replicas, and the reason', async () => {
    const message = 'Lag of 900 records, 12/s arrive, 10/s per replica: drained in 90 s by 2, in 18 s by 5.';
    systems.scalers = {
      'payment-service': { had: 2, wanted: 5, reason: 'BehindObjective', message },
      'order-service': undefined,
    };
    const page = await browser.open(on.view('#/partitions'));
    const replicas = (name: string): Locator => group(page, name).locator('.replicas');
    await replicas('payment-service').waitFor();
    expect(await replicas('payment-service').textContent()).toBe(`2 replicas, 5 desired behind objective ${message}`);
    expect(await replicas('order-service').textContent()).toBe('The scaler has not reconciled this group yet.');
    expect(await replicas('shipment-service').count()).toBe(0);

    systems.scalers = { 'payment-service': { had: 5, wanted: 5, reason: 'OnTarget', message: '5 are enough.' } };
    await replicas('payment-service').getByText('5 replicas, 5 desired').waitFor();
  });

  test('are still shown when the ConsumerScalers cannot be read', async () => {
    systems.scalers = 'forbidden';
    const page = await browser.open(on.view('#/partitions'));
    await page
      .getByRole('alert')
      .getByText('The ConsumerScalers cannot be read: the API server responds 403: consumerscalers is forbidden.')
      .waitFor();
    await group(page, 'payment-service').getByText('no lag').waitFor();
    expect(await page.locator('.replicas').count()).toBe(0);
    systems.scalers = {};
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

describe('dead letters', () => {
  const manyDeadLetters = 150;

  beforeAll(() => poisonOrders(on, 'not an order'));

  test('require the operator token', async () => {
    const page = await browser.open(on.view('#/dead-letters'));
    await page.getByLabel('Operator token').fill('not the token, however long');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').getByText('The dead letters require the operator token').waitFor();
    expect(await page.locator('.dead-letters').count()).toBe(0);
  });

  test('are inspected, redriven after a dry run, and their order is then processed', async () => {
    const [redrivenId] = await deadLetterOrders(on, ['Redriven']);
    const page = await openDeadLetters(on, browser);
    const row = deadLetterRow(page, 'the response of the gateway');
    await row.getByRole('button', { name: 'Show record' }).click();
    await row.locator('pre', { hasText: 'The address of the dead letter' }).waitFor();

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

  test('are shown unchanged, discarded only after a confirmation, and listed with their resolution', async () => {
    const page = await openDeadLetters(on, browser);
    const rows = deadLetterRow(page, 'not JSON');
    await rows.first().getByRole('button', { name: 'Show record' }).click();
    await rows.first().locator('pre', { hasText: poison }).waitFor();
    await page.getByLabel('Select all').check();
    await page.getByRole('button', { name: 'Discard …' }).click();
    expect(await rows.count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: /Discard \d dead letters? permanently/ }).click();
    await page.getByText('There are no unresolved dead letters.').waitFor();
    await page.getByLabel('Show resolved').check();
    await deadLetterRow(page, 'discarded by dashboard').first().waitFor();
    await deadLetterRow(page, 'redriven by dashboard').first().waitFor();
  });

  test('are resolved in one request, as many as are listed', async () => {
    await deadLetterOrders(
      on,
      Array.from({ length: manyDeadLetters }, (_, n) => `Many ${n}`),
    );
    const page = await openDeadLetters(on, browser);
    expect(await page.locator('.dead-letters tbody').count()).toBe(manyDeadLetters);
    await page.getByLabel('Select all').check();
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.locator('.report').waitFor();
    expect(await page.locator('.report li').count()).toBe(manyDeadLetters);
    await page.getByRole('button', { name: 'Discard …' }).click();
    await page.getByRole('button', { name: `Discard ${manyDeadLetters} dead letters permanently` }).click();
    await page.getByText('There are no unresolved dead letters.').waitFor();
  });
});
