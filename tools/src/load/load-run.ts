/** One load: sets the stock, places the orders at a steady rate, and follows them to their final states. */
import { progressLine } from '../audit/report.ts';
import type { Terminal } from '../command-line.ts';
import type { Documents } from '../databases.ts';
import { FollowedOrders } from './followed-orders.ts';
import { kindsOf, type Mix } from './mix.ts';
import { keepPace } from './pace.ts';
import type { LoadResult } from './report.ts';
import { Shop } from './shop.ts';

export interface LoadPlan {
  readonly perSecond: number;
  readonly seconds: number;
  readonly orders: number;
  readonly mix: Mix;
  /** How long to wait for orders to reach a final state after the last one was placed. */
  readonly settleMs: number;
}

export const maxInFlight = 500;
const minYoungerThanMs = 10_000;

export class LoadRun {
  readonly #plan: LoadPlan;
  readonly #terminal: Terminal;
  readonly #shop: Shop;
  readonly #followed: FollowedOrders;
  readonly #refused = new Map<number | undefined, number>();
  readonly #responseMs: number[] = [];
  #accepted = 0;

  constructor(plan: LoadPlan, orders: Documents, terminal: Terminal) {
    this.#plan = plan;
    this.#terminal = terminal;
    this.#shop = new Shop(terminal);
    this.#followed = new FollowedOrders(orders);
  }

  /** Ends early, with what it has, when the user stops the tool. */
  async run(): Promise<LoadResult> {
    const { perSecond, seconds, orders, settleMs } = this.#plan;
    const { signal } = this.#terminal;
    await this.#shop.fillStock(orders);
    const settled = new AbortController();
    const following = this.#followed.follow(settled.signal, () => this.#showProgress());
    // Awaited below; until then a failure must not end the process.
    following.catch(() => undefined);
    const startMs = performance.now();
    const placed = await this.#placeAll();
    const tookMs = performance.now() - startMs;
    await this.#followed.untilAllFinal(AbortSignal.any([signal, AbortSignal.timeout(settleMs)]));
    settled.abort();
    await following;
    this.#terminal.progress?.('');
    return {
      requested: { perSecond, seconds },
      placed,
      tookMs,
      accepted: this.#accepted,
      refused: this.#refused,
      final: this.#followed.final,
      open: await this.#followed.openStates(),
      responseMs: this.#responseMs,
      shippedAfterMs: this.#followed.shippedAfterMs,
    };
  }

  /** Accepted orders that have not reached a final state. */
  get open(): number {
    return this.#followed.open;
  }

  /**
   * The age limit for the audit: this load is finished, but orders that others place meanwhile are in flight for as long
   * as the slowest order here.
   */
  get youngerThanMs(): number {
    const { open, slowestMs } = this.#followed;
    return Math.max(minYoungerThanMs, 2 * slowestMs, open > 0 ? this.#plan.settleMs : 0);
  }

  #placeAll(): Promise<number> {
    const { perSecond, orders, mix } = this.#plan;
    const nextKind = kindsOf(mix);
    const pace = { perSecond, count: orders, maxInFlight, signal: this.#terminal.signal };
    return keepPace(pace, async (number, dueAtMs) => {
      const kind = nextKind();
      const { status, orderId } = await this.#shop.place(number, kind);
      this.#responseMs.push(performance.now() - dueAtMs);
      if (orderId === undefined) {
        this.#refused.set(status, (this.#refused.get(status) ?? 0) + 1);
        return;
      }
      this.#accepted += 1;
      this.#followed.add(orderId);
      if (kind === 'cancelled') await this.#shop.cancel(orderId);
    });
  }

  #showProgress(): void {
    const { orders } = this.#plan;
    const responses = this.#responseMs.length;
    const { open } = this.#followed;
    const counts = `${this.#accepted} accepted, ${responses - this.#accepted} refused, ${open} in flight`;
    const line =
      responses < orders
        ? progressLine('placed', responses, orders)
        : progressLine('final', this.#accepted - open, this.#accepted);
    this.#terminal.progress?.(`${line}, ${counts}`);
  }
}
