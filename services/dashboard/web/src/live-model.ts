/**
 * The model of the live page: the recent orders, the counts of each lane, and the few orders that have a row. Thousands of
 * steps arrive per second; the model has limits for everything that grows, and does not access the document.
 */
import { causesOf, isFinal, orderStates, type OrderState } from '@order-pipeline/events/order-lifecycle';
import type { FeedStep } from '../../src/views.ts';
import { factLabels, type Lane } from './labels.ts';
import { RateMeter } from './rates.ts';
import { causeOf, factOf, furthestFact, inOrder, stateAfter } from './steps.ts';

export interface LiveOrder {
  readonly id: string;
  /** Its steps by time. */
  path: readonly FeedStep[];
  state: OrderState;
  /** How many steps of the path its row shows. */
  shown: number;
  /** When its row last showed one more step. */
  shownAtMs: number;
  /** When its latest step arrived. */
  arrivedAtMs: number;
}

export interface LaneCounts {
  /** Open orders whose furthest fact belongs to this lane. */
  openOrders: number;
  steps: number;
  readonly rate: RateMeter;
}

const maxOrders = 20_000;
/** More new rows per second cannot be followed by eye: at a higher rate the rows are a sample. */
const rowEveryMs = 300;
/** Events of different topics overtake each other: a card waits this long for the cause of its next step. */
const causeTimeoutMs = 1_500;
/** How long a card stays in a lane before it moves on. */
const dwellMs = 420;
const historySeconds = 60;
const maxLatencies = 500;

const laneOf = ({ path }: LiveOrder): Lane => factLabels[furthestFact(path)!].lane;

export class LiveModel {
  readonly orders = new Map<string, LiveOrder>();
  /** As many as the page has room for. */
  maxRows = 12;
  /** Newest first, at most `maxRows`. */
  rows: readonly LiveOrder[] = [];
  readonly lanes: readonly LaneCounts[] = [0, 1, 2, 3].map(() => ({
    openOrders: 0,
    steps: 0,
    rate: new RateMeter(historySeconds),
  }));
  readonly placed = new RateMeter(historySeconds);
  /** Orders by state, since the page was opened. */
  readonly states = Object.fromEntries(orderStates.map((state) => [state, 0])) as Record<OrderState, number>;
  /** Milliseconds from placed to shipped, of the latest orders. */
  readonly latencies: number[] = [];
  /** Orders that got no row although they were placed while the page was connected. */
  withoutRow = 0;
  #lastRowAtMs = Number.NEGATIVE_INFINITY;

  /** Steps of the past are shown at once; those that happen now move their card. */
  apply(steps: readonly FeedStep[], nowMs: number, past = false): void {
    for (const step of steps) this.#applyStep(step, nowMs, past);
  }

  #applyStep(step: FeedStep, nowMs: number, past: boolean): void {
    const fact = factOf(step);
    if (fact === undefined) return;
    const order = this.orders.get(step.order_id) ?? this.#addOrder(step.order_id, nowMs);
    if (order.path.some((known) => known.seq === step.seq)) return;
    const isNew = order.path.length === 0;
    this.#addToPath(order, step, nowMs);
    const lane = this.lanes[factLabels[fact].lane]!;
    lane.steps += 1;
    if (!past) lane.rate.add(1, nowMs);
    if (step.type === 'order_placed' && !past) this.placed.add(1, nowMs);
    if (past) order.shown = order.path.length;
    // A step before those that are shown already does not move the card.
    else if (order.path.indexOf(step) < order.shown) order.shown += 1;
    if (isNew) this.#sampleRow(order, nowMs, past);
  }

  #addToPath(order: LiveOrder, step: FeedStep, nowMs: number): void {
    const wasFinal = isFinal(order.state);
    this.#count(order, -1);
    order.arrivedAtMs = nowMs;
    order.path = inOrder([...order.path, step]);
    order.state = stateAfter(order.path);
    this.#count(order, 1);
    if (order.state === 'SHIPPED' && !wasFinal) this.#addLatency(order);
  }

  /** Gives the order a row at any rate of orders: the user waits for this one. */
  follow(orderId: string, nowMs: number): void {
    const order = this.orders.get(orderId) ?? this.#addOrder(orderId, nowMs);
    if (!this.rows.includes(order)) this.#addRow(order);
  }

  /** Moves the cards that have stayed long enough; returns whether one has still to move. */
  advance(nowMs: number): boolean {
    let pending = false;
    for (const order of this.rows) {
      if (order.shown >= order.path.length) continue;
      const hasDwelt = order.shown === 0 || nowMs - order.shownAtMs >= dwellMs;
      if (hasDwelt && canShowNext(order, nowMs)) {
        order.shown += 1;
        order.shownAtMs = nowMs;
      }
      pending ||= order.shown < order.path.length;
    }
    return pending;
  }

  /** Whether the rows are a sample of the orders. */
  isSampling(nowMs: number): boolean {
    return this.placed.perSecond(3, nowMs) > 1_000 / rowEveryMs;
  }

  #addOrder(id: string, nowMs: number): LiveOrder {
    const order: LiveOrder = { id, path: [], state: 'PENDING', shown: 0, shownAtMs: nowMs, arrivedAtMs: nowMs };
    this.orders.set(id, order);
    if (this.orders.size > maxOrders) this.#deleteOldest();
    return order;
  }

  /** Its state still counts in the totals, and no lane counts it any more. */
  #deleteOldest(): void {
    const [oldest] = this.orders.values();
    this.orders.delete(oldest!.id);
    if (!isFinal(oldest!.state)) this.lanes[laneOf(oldest!)]!.openOrders -= 1;
  }

  #sampleRow(order: LiveOrder, nowMs: number, past: boolean): void {
    if (this.rows.includes(order)) return;
    if (!past && nowMs - this.#lastRowAtMs < rowEveryMs) {
      this.withoutRow += 1;
      return;
    }
    this.#lastRowAtMs = nowMs;
    this.#addRow(order);
  }

  #addRow(order: LiveOrder): void {
    this.rows = [order, ...this.rows].slice(0, this.maxRows);
  }

  #count(order: LiveOrder, by: 1 | -1): void {
    if (order.path.length === 0) return;
    this.states[order.state] += by;
    if (!isFinal(order.state)) this.lanes[laneOf(order)]!.openOrders += by;
  }

  #addLatency(order: LiveOrder): void {
    const [placed] = order.path;
    if (placed?.type !== 'order_placed') return;
    const shipped = order.path.find(({ type, status }) => type === 'shipment_processed' && status === 'SHIPPED')!;
    this.latencies.push(shipped.time - placed.time);
    if (this.latencies.length > maxLatencies) this.latencies.shift();
  }
}

/** Whether the card may move to its next step: the cause of that step is known, or did not arrive in time. */
function canShowNext({ path, shown, arrivedAtMs }: LiveOrder, nowMs: number): boolean {
  const next = path[shown]!;
  const needsNoCause = causesOf(factOf(next)!).length === 0;
  return needsNoCause || causeOf(next, path) !== undefined || nowMs - arrivedAtMs >= causeTimeoutMs;
}

/** The smallest sample that the share `q` (0 to 1) of the samples does not exceed; undefined without samples. */
export function quantile(samples: readonly number[], q: number): number | undefined {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}
