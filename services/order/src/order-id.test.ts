import { describe, expect, test } from '@jest/globals';
import { orderIdSchema } from '@order-pipeline/events';
import { newOrderId } from './order-id.ts';

describe('an order id', () => {
  test('is a UUID of version 7 with the time of its creation', () => {
    const now = new Date('2024-05-18T12:34:56.789Z');
    const id = newOrderId(now);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
    expect(orderIdSchema.parse(id)).toBe(id);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now.getTime());
  });

  test('sorts by the time of placing', () => {
    const times = [0, 1, 255, 256, 2 ** 31, Date.now(), Date.now() + 1, 2 ** 47].map((ms) => new Date(ms));
    const ids = times.map(newOrderId);
    expect(ids.toSorted()).toEqual(ids);
  });

  test('is unique, also within one millisecond', () => {
    const now = new Date();
    const ids = Array.from({ length: 100_000 }, () => newOrderId(now));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
