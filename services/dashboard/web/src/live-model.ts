/**
 * What the live page knows: every order of the last while, the counts of each lane, and the few orders whose way is
 * shown. Steps come in thousands per second; nothing here grows without limit, and nothing touches the document.
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
  /** How many steps of the path the page shows by now. */
  shown: number;
  movedAtMs: number;
  /** When its last step arrived. */
  learntAtMs: number;
}

export interface LaneCounts {
  /** Open orders whose last step happened here. */
  here: number;
  steps: number;
  readonly rate: RateMeter;
}

const maxOrders = 20_000;
/** More new rows in a second nobody can follow: of faster streams the rows are a sample. */
const rowEveryMs = 300;
/** Topics overtake each other: so long a card waits for the step that brought its next one about. */
const causeWaitMs = 1_500;
/** So long a card rests in a lane before it moves on. */
const lingerMs = 420;
const historySeconds = 60;
const maxLatencies = 500;

export class LiveModel {
  readonly orders = new Map<string, LiveOrder>();
  /** As many as there is room for. */
  maxRows = 12;
  /** Newest first, at most `maxRows`. */
  rows: readonly LiveOrder[] = [];
  readonly lanes: readonly LaneCounts[] = [0, 1, 2, 3].map(() => ({
    here: 0,
    steps: 0,
    rate: new RateMeter(historySeconds),
  }));
  readonly placed = new RateMeter(historySeconds);
  /** Orders by state, as seen since the page opened. */
  readonly states = Object.fromEntries(orderStates.map((state) => [state, 0])) as Record<OrderState, number>;
  /** Milliseconds from placed to shipped of the last orders. */
  readonly latencies: number[] = [];
  /** Orders that were not given a row, although they came while the page was watching. */
  unshown = 0;
  #lastRowAtMs = Number.NEGATIVE_INFINITY;

  /** Steps of the past are shown where they ended; those of now move. */
  apply(steps: readonly FeedStep[], nowMs: number, past = false): void {
    for (const step of steps) {
      const fact = factOf(step);
      if (fact === undefined) continue;
      const order = this.orders.get(step.order_id) ?? this.#begin(step.order_id, nowMs);
      if (order.path.some((known) => known.seq === step.seq)) continue;
      const first = order.path.length === 0;
      this.#count(order, -1);
      const wasFinal = isFinal(order.state);
      order.learntAtMs = nowMs;
      order.path = inOrder([...order.path, step]);
      order.state = stateAfter(order.path);
      this.#count(order, 1);
      if (order.state === 'SHIPPED' && !wasFinal) this.#noteLatency(order);
      const lane = this.lanes[factLabels[fact].lane]!;
      lane.steps += 1;
      if (!past) lane.rate.add(1, nowMs);
      if (step.type === 'order_placed' && !past) this.placed.add(1, nowMs);
      if (past) order.shown = order.path.length;
      // A step that belongs before those on show is not a move.
      else if (order.path.indexOf(step) < order.shown) order.shown += 1;
      if (first) this.#giveRow(order, nowMs, past);
    }
  }

  /** Gives the order a row whatever the rate: somebody waits for this one. */
  follow(orderId: string, nowMs: number): void {
    const order = this.orders.get(orderId) ?? this.#begin(orderId, nowMs);
    if (!this.rows.includes(order)) this.#addRow(order);
  }

  /** Moves the cards that have rested long enough; answers whether one is still to move. */
  advance(nowMs: number): boolean {
    let pending = false;
    for (const order of this.rows) {
      if (order.shown >= order.path.length) continue;
      const rested = order.shown === 0 || nowMs - order.movedAtMs >= lingerMs;
      if (rested && isNext(order, nowMs)) {
        order.shown += 1;
        order.movedAtMs = nowMs;
      }
      pending ||= order.shown < order.path.length;
    }
    return pending;
  }

  /** Whether the rows are a sample of what comes. */
  isSampling(nowMs: number): boolean {
    return this.placed.perSecond(3, nowMs) > 1_000 / rowEveryMs;
  }

  #begin(id: string, nowMs: number): LiveOrder {
    const order: LiveOrder = { id, path: [], state: 'PENDING', shown: 0, movedAtMs: nowMs, learntAtMs: nowMs };
    this.orders.set(id, order);
    if (this.orders.size > maxOrders) this.#forgetOldest();
    return order;
  }

  #forgetOldest(): void {
    const [oldest] = this.orders.values();
    this.orders.delete(oldest!.id);
    // It stays in the totals, and is no longer anywhere.
    if (!isFinal(oldest!.state)) this.lanes[laneOf(oldest!)]!.here -= 1;
  }

  #giveRow(order: LiveOrder, nowMs: number, past: boolean): void {
    if (this.rows.includes(order)) return;
    if (!past && nowMs - this.#lastRowAtMs < rowEveryMs) {
      this.unshown += 1;
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
    if (!isFinal(order.state)) this.lanes[laneOf(order)]!.here += by;
  }

  #noteLatency(order: LiveOrder): void {
    const [placed] = order.path;
    if (placed?.type !== 'order_placed') return;
    const shipped = order.path.find(({ type, status }) => type === 'shipment_processed' && status === 'SHIPPED')!;
    this.latencies.push(shipped.time - placed.time);
    if (this.latencies.length > maxLatencies) this.latencies.shift();
  }
}

/** Whether the step after those on show may be shown: what brought it about is known, or was waited for. */
function isNext({ path, shown, learntAtMs }: LiveOrder, nowMs: number): boolean {
  const next = path[shown]!;
  const isFirst = causesOf(factOf(next)!).length === 0;
  return isFirst || causeOf(next, path) !== undefined || nowMs - learntAtMs >= causeWaitMs;
}

/** Where it is: the lane of the fact that follows from all others. */
const laneOf = ({ path }: LiveOrder): Lane => factLabels[furthestFact(path)!].lane;

/** The value that the share `q` (0 to 1) of the samples does not exceed; undefined without samples. */
export function quantile(samples: readonly number[], q: number): number | undefined {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}
