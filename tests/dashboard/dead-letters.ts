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

/** Publishes records as they are. */
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

/** The dead letters that payment-service would have made of such orders, had its handler failed; answers their order ids. */
export async function deadLetterOrders(on: TestDashboard, customers: readonly string[]): Promise<string[]> {
  const orders = customers.map((customer_id) => ({ order_id: randomUUID(), customer_id }));
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
  const letters = orders.map((order) => {
    const { key, value, headers } = encodeEvent({
      type: 'order_placed',
      data: {
        ...order,
        status: 'PENDING',
        timestamp: new Date().toISOString(),
        items: [{ product_id: 'P002', quantity: 1, price_minor: 49_99 }],
        shipping_address: 'Where it was meant to go',
        total_minor: 49_99,
        currency: 'USD',
      },
    });
    return { key, value, headers: { ...headers, ...reason } };
  });
  await produce(on, 'payment-service.dlq', letters);
  return orders.map(({ order_id }) => order_id);
}

/** An event that is none, and so ends in the queue of every group that reads the topic; waits until it is there. */
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
  await page.getByLabel("Operator's token").fill(token);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.locator('.letters').waitFor();
  return page;
}

export const letter = (page: Page, text: string): Locator => page.locator('.letters tbody', { hasText: text });
