/** The accepted orders of a load, followed to their final states in the order service's database. */
import { setTimeout as pause } from 'node:timers/promises';
import { finalStates, type OrderState } from '@order-pipeline/events/order-lifecycle';
import type { Documents } from '../databases.ts';
import type { Order } from '../documents.ts';

type FollowedOrder = Pick<Order, '_id' | 'status' | 'created_at' | 'updated_at'>;

const pageSize = 1_000;
const pollMs = 250;
/** Five seconds without MongoDB, in addition to the time-outs of its driver. */
const maxFailedPolls = 20;

export class FollowedOrders {
  readonly #orders: Documents;
  readonly #open = new Set<string>();
  /** How many orders have reached each final state. */
  readonly final = new Map<OrderState, number>();
  /** From the acceptance of an order until it is known to be shipped, by the order service's clock. */
  readonly shippedAfterMs: number[] = [];
  slowestMs = 0;

  constructor(orders: Documents) {
    this.#orders = orders;
  }

  add(orderId: string): void {
    this.#open.add(orderId);
  }

  get open(): number {
    return this.#open.size;
  }

  /** Polls until the signal is aborted. A failed poll is repeated; throws after too many in a row. */
  async follow(signal: AbortSignal, onPoll: () => void): Promise<void> {
    for (let failed = 0; !signal.aborted;) {
      try {
        await this.#poll();
        failed = 0;
      } catch (error) {
        failed += 1;
        if (failed > maxFailedPolls) throw error;
      }
      onPoll();
      await pause(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when no order is open, or the signal is aborted; `follow` does the polling. */
  async untilAllFinal(signal: AbortSignal): Promise<void> {
    while (this.#open.size > 0 && !signal.aborted) {
      await pause(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The states of the orders that are still open. */
  async openStates(): Promise<Map<OrderState, number>> {
    const states = new Map<OrderState, number>();
    for await (const { status } of this.#find({ $exists: true })) states.set(status, (states.get(status) ?? 0) + 1);
    return states;
  }

  async #poll(): Promise<void> {
    for await (const { _id, status, created_at, updated_at } of this.#find({ $in: finalStates })) {
      this.#open.delete(_id);
      this.final.set(status, (this.final.get(status) ?? 0) + 1);
      const tookMs = updated_at.getTime() - created_at.getTime();
      this.slowestMs = Math.max(this.slowestMs, tookMs);
      if (status === 'SHIPPED') this.shippedAfterMs.push(tookMs);
    }
  }

  /** The open orders that match, read page by page. */
  async *#find(status: object): AsyncGenerator<FollowedOrder> {
    const ids = [...this.#open];
    const projection = { status: 1, created_at: 1, updated_at: 1 };
    for (let from = 0; from < ids.length; from += pageSize) {
      const page = { _id: { $in: ids.slice(from, from + pageSize) }, status };
      yield* (await this.#orders.find(page, { projection }).toArray()) as unknown as FollowedOrder[];
    }
  }
}
