/** The live page in a browser: its rows, its totals, and how smoothly it renders. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { openStates } from '@order-pipeline/events/order-lifecycle';
import { eventually } from '../support/eventually.ts';
import type { TestDashboard } from './dashboard.ts';

export const track = (page: Page, customer: string): Locator => page.locator('.track', { hasText: customer });
export const card = (page: Page, customer: string): Locator => track(page, customer).locator('.card');

export async function placeAs(page: Page, customer: string): Promise<void> {
  await page.getByLabel('Customer', { exact: true }).fill(customer);
  await page.getByRole('button', { name: 'Place order' }).click();
  await track(page, customer).waitFor();
}

/** Records each lane that the customer's card enters; the page itself does, because a poll could miss one. */
export async function recordLanes(page: Page, customer: string): Promise<void> {
  await page.evaluate(`{
    const lanes = (globalThis.recordedLanes = []);
    const record = () => {
      const row = [...document.querySelectorAll('.track')].find((each) => each.textContent.includes('${customer}'));
      const lane = row?.querySelector('.card').className.replace('card at-', '');
      if (lane && lanes.at(-1) !== lane) lanes.push(lane);
    };
    new MutationObserver(record).observe(document.body, { subtree: true, childList: true, attributes: true });
  }`);
}

export const recordedLanes = (page: Page): Promise<string[]> => page.evaluate('globalThis.recordedLanes');

/** A page starts with the steps of the latest orders, which arrive only after it has connected. */
export async function untilAllStepsReceived(on: TestDashboard, page: Page): Promise<void> {
  const counters = on.mongo.db('dashboard_db').collection<{ _id: string; last: number }>('counters');
  const connection = page.locator('.connection');
  await eventually(async () => {
    const counter = await counters.findOne();
    expect((await connection.textContent())?.replaceAll(',', '')).toBe(`Live${counter?.last} steps`);
  });
}

/** Waits for the orders of earlier tests: afterwards only the orders of this test change the page. */
export async function untilNoOrderIsOpen(on: TestDashboard, page: Page): Promise<void> {
  const orders = on.mongo.db('order_db').collection('orders');
  const steps = on.mongo.db('dashboard_db').collection('steps');
  await eventually(async () => {
    expect(await orders.countDocuments({ status: { $in: openStates } })).toBe(0);
    const shipped = { type: 'shipment_processed', 'data.status': 'SHIPPED' };
    expect(await steps.countDocuments(shipped)).toBe(await orders.countDocuments({ status: 'SHIPPED' }));
  });
  await untilAllStepsReceived(on, page);
}

/** The page's total of shipped orders. */
export const shippedCount = async (page: Page): Promise<number> =>
  Number((await page.locator('.total.good dd').textContent())?.replaceAll(',', ''));

/** Calls `place` at a steady rate; returns the number of calls once all have resolved. */
export async function placeAtRate(perSecond: number, forMs: number, place: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  const placing: Promise<unknown>[] = [];
  for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - startedMs) {
    while (placing.length < (passedMs / 1_000) * perSecond) placing.push(place());
    await pause(10);
  }
  await Promise.all(placing);
  return placing.length;
}

export async function measureFrames(page: Page, forMs: number) {
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
