/** Dead letters for the tests of the page, and the page that shows them. */
import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { encodeEvent } from '@order-pipeline/events';
import { deadLetterHeaders } from '@order-pipeline/kafka';
import { eventually } from '../support/eventually.ts';
import type { TestBrowser } from './browser.ts';
import type { TestDashboard } from './dashboard.ts';

export const token = 'an-operator-token-for-tests';
export const poison = '{"status": <img src=x onerror=alert(1)>}';

/** Produces records unchanged. */
async function produce(
  on: TestDashboard,
  topic: string,
  messages: { key: string; value: Buffer | string; headers?: Record<string, Buffer | string> }[],
): Promise<void> {
  const producer = on.kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** Produces dead letters as payment-service does when its handler fails; returns their order ids. */
export async function deadLetterOrders(on: TestDashboard, customers: readonly string[]): Promise<string[]> {
  const orders = customers.map((customer_id) => ({ order_id: randomUUID(), customer_id }));
  const reason = {
    [deadLetterHeaders.topic]: 'order_placed',
    [deadLetterHeaders.partition]: '0',
    [deadLetterHeaders.offset]: '0',
    [deadLetterHeaders.group]: 'payment-service',
    [deadLetterHeaders.attempt]: '3',
    [deadLetterHeaders.errorClass]: 'TypeError',
    [deadLetterHeaders.errorMessage]: 'the response of the gateway is invalid',
    [deadLetterHeaders.errorKind]: 'handler',
  };
  const deadLetters = orders.map((order) => {
    const { key, value, headers } = encodeEvent({
      type: 'order_placed',
      data: {
        ...order,
        status: 'PENDING',
        timestamp: new Date().toISOString(),
        items: [{ product_id: 'P002', quantity: 1, price_minor: 49_99 }],
        shipping_address: 'The address of the dead letter',
        total_minor: 49_99,
        currency: 'USD',
      },
    });
    return { key, value, headers: { ...headers, ...reason } };
  });
  await produce(on, 'payment-service.dlq', deadLetters);
  return orders.map(({ order_id }) => order_id);
}

/** Produces an invalid record, and waits until every group that consumes the topic has dead-lettered it. */
export async function poisonOrders(on: TestDashboard, key: string): Promise<void> {
  const queues = ['payment-service.dlq', 'dashboard.dlq'];
  const ends = () => Promise.all(queues.map((queue) => endOf(on, queue)));
  const before = await ends();
  await produce(on, 'order_placed', [{ key, value: poison }]);
  await eventually(async () => expect(await ends()).toEqual(before.map((end) => end + 1)));
}

async function endOf(on: TestDashboard, topic: string): Promise<number> {
  const admin = on.kafka.admin();
  await admin.connect();
  try {
    const [end] = await admin.fetchTopicOffsets(topic);
    return Number(end?.high);
  } finally {
    await admin.disconnect();
  }
}

export async function openDeadLetters(on: TestDashboard, browser: TestBrowser, options = {}): Promise<Page> {
  const page = await browser.open(on.view('#/dead-letters'), options);
  await page.getByLabel('Operator token').fill(token);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('.dead-letters').waitFor();
  return page;
}

export const deadLetterRow = (page: Page, text: string): Locator =>
  page.locator('.dead-letters tbody', { hasText: text });
