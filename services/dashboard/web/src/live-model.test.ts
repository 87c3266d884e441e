import { describe, expect, test } from '@jest/globals';
import type { FeedStep } from '../../src/views.ts';
import { LiveModel, quantile } from './live-model.ts';

let seq = 0;
const step = (order_id: string, type: string, status: string, time: number): FeedStep => ({
  seq: (seq += 1),
  order_id,
  type,
  status,
  time,
});
const shippedOrder = (id: string, atMs = 0): FeedStep[] => [
  step(id, 'order_placed', 'PENDING', atMs),
  step(id, 'payment_processed', 'COMPLETED', atMs + 10),
  step(id, 'inventory_updated', 'RESERVED', atMs + 20),
  step(id, 'shipment_processed', 'SHIPPED', atMs + 30),
];

/** Moves the cards until none is pending; returns when each move happened. */
function movesOf(model: LiveModel, fromMs: number): number[] {
  const moves: number[] = [];
  for (let nowMs = fromMs, shown = -1; nowMs < fromMs + 60_000; nowMs += 20) {
    const pending = model.advance(nowMs);
    if (model.rows[0]!.shown !== shown) moves.push(nowMs - fromMs);
    shown = model.rows[0]!.shown;
    if (!pending) break;
  }
  return moves;
}

describe('an order', () => {
  test('moves from lane to lane and stays in each for a moment, however fast it was', () => {
    const model = new LiveModel();
    model.apply(shippedOrder('a'), 0);
    expect(movesOf(model, 0)).toEqual([0, 420, 840, 1260]);
    expect(model.rows[0]).toMatchObject({ state: 'SHIPPED', shown: 4 });
  });

  test('waits in its lane for the cause of its next step, up to a limit', () => {
    const model = new LiveModel();
    const [placed, paid, reserved] = shippedOrder('a');
    model.apply([paid!, reserved!], 0);
    expect(model.advance(500)).toBe(true);
    expect(model.rows[0]!.shown).toBe(0);
    model.apply([placed!], 600);
    expect(movesOf(model, 600)).toEqual([0, 420, 840]);

    model.apply(
      [reserved!].map((step) => ({ ...step, order_id: 'b' })),
      10_000,
    );
    expect(movesOf(model, 10_000)).toEqual([0, 1_500]);
  });

  test('shows its steps by time, whatever order they arrived in', () => {
    const model = new LiveModel();
    const [placed, paid, reserved, shipped] = shippedOrder('a');
    model.apply([placed!, shipped!], 0);
    movesOf(model, 0);
    model.apply([reserved!, paid!], 2_000);
    expect(model.rows[0]!.path.map(({ status }) => status)).toEqual(['PENDING', 'COMPLETED', 'RESERVED', 'SHIPPED']);
    // The late ones lie in lanes that the card has passed: it does not move back.
    expect(model.rows[0]!.shown).toBe(4);
  });

  test('counts once, however often a step arrives', () => {
    const model = new LiveModel();
    const steps = shippedOrder('a');
    model.apply(steps, 0);
    model.apply(steps, 10);
    expect(model.states.SHIPPED).toBe(1);
    expect(model.lanes.map(({ steps: count }) => count)).toEqual([1, 1, 1, 1]);
    expect(model.latencies).toEqual([30]);
  });

  test('of the past is shown in its latest lane and does not move', () => {
    const model = new LiveModel();
    model.apply(shippedOrder('a'), 0, true);
    expect(model.advance(0)).toBe(false);
    expect(model.rows[0]!.shown).toBe(4);
    expect(model.placed.perSecond(1, 2_000)).toBe(0);
  });
});

describe('the lanes', () => {
  test('count the open orders by their furthest fact, and no order in a final state', () => {
    const model = new LiveModel();
    const openOrders = () => model.lanes.map((lane) => lane.openOrders);
    const [placed, paid, reserved, shipped] = shippedOrder('a');
    model.apply([placed!], 0);
    expect(openOrders()).toEqual([1, 0, 0, 0]);
    model.apply([paid!], 0);
    expect(openOrders()).toEqual([0, 1, 0, 0]);
    model.apply([reserved!], 0);
    expect(openOrders()).toEqual([0, 0, 1, 0]);
    model.apply([shipped!], 0);
    expect(openOrders()).toEqual([0, 0, 0, 0]);
  });

  test('count every order at a high rate, while the rows are a sample', () => {
    const model = new LiveModel();
    for (let n = 0; n < 1_000; n += 1) model.apply(shippedOrder(`order-${n}`), n * 5);
    expect(model.states.SHIPPED).toBe(1_000);
    expect(model.isSampling(5_000)).toBe(true);
    expect(model.withoutRow).toBeGreaterThan(900);
    expect(model.rows).toHaveLength(model.maxRows);
    expect(model.isSampling(60_000)).toBe(false);
  });

  test('forget the oldest orders, so that memory stays bounded', () => {
    const model = new LiveModel();
    for (let n = 0; n < 20_500; n += 1) model.apply([step(`order-${n}`, 'order_placed', 'PENDING', n)], n);
    expect(model.orders.size).toBe(20_000);
    expect(model.lanes[0]!.openOrders).toBe(20_000);
  });
});

test('an order that the user has placed gets a row at any rate', () => {
  const model = new LiveModel();
  model.apply(shippedOrder('first'), 0);
  model.follow('mine', 1);
  model.apply(shippedOrder('mine'), 2);
  expect(model.rows.map(({ id }) => id)).toEqual(['mine', 'first']);
});

test('a quantile is one of the samples', () => {
  expect(quantile([], 0.5)).toBeUndefined();
  expect(quantile([30, 10, 20], 0.5)).toBe(20);
  expect(quantile([30, 10, 20], 0.95)).toBe(30);
});
