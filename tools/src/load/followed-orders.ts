/** The accepted orders of a load, followed to their ends in the order service's database. */
import { setTimeout as pause } from 'node:timers/promises';
import { finalStates, type OrderState } from '@order-pipeline/events/order-lifecycle';
import type { Documents, StoredOrder } from '../databases.ts';

const pageSize = 1_000;
const lookEveryMs = 250;
/** Five seconds without MongoDB, and more for what its driver waits. */
const maxLooksFailed = 20;

export class FollowedOrders {
  readonly #orders: Documents;
  readonly #open = new Set<string>();
  /** How many have ended in each state. */
  readonly ended = new Map<OrderState, number>();
  /** From accepting an order to knowing that it has shipped, by the order service's clock. */
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

  /** Looks again and again until the signal says so; what cannot be read is looked for again. Throws when that goes on. */
  async follow(signal: AbortSignal, onLook: () => void): Promise<void> {
    for (let failed = 0; !signal.aborted;) {
      try {
        await this.#look();
        failed = 0;
      } catch (error) {
        failed += 1;
        if (failed > maxLooksFailed) throw error;
      }
      onLook();
      await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when nothing is open, or the signal says that it was long enough; `follow` does the looking. */
  async untilAllEnded(signal: AbortSignal): Promise<void> {
    while (this.#open.size > 0 && !signal.aborted) {
      await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const ids = [...this.#open];
    for (let from = 0; from < ids.length; from += pageSize) {
      const found = await this.#find(ids.slice(from, from + pageSize), { $in: finalStates });
      for (const { _id, status, created_at, updated_at } of found) {
        this.#open.delete(_id);
        this.ended.set(status, (this.ended.get(status) ?? 0) + 1);
        const tookMs = updated_at.getTime() - created_at.getTime();
        this.slowestMs = Math.max(this.slowestMs, tookMs);
        if (status === 'SHIPPED') this.shippedAfterMs.push(tookMs);
      }
    }
  }

  /** Where those stand that have not ended. */
  async stillOpen(): Promise<Map<OrderState, number>> {
    const states = new Map<OrderState, number>();
    const ids = [...this.#open];
    for (let from = 0; from < ids.length; from += pageSize) {
      for (const { status } of await this.#find(ids.slice(from, from + pageSize), { $exists: true })) {
        states.set(status, (states.get(status) ?? 0) + 1);
      }
    }
    return states;
  }

  #find(ids: readonly string[], status: object): Promise<StoredOrder[]> {
    return this.#orders
      .find({ _id: { $in: [...ids] }, status }, { projection: { status: 1, created_at: 1, updated_at: 1 } })
      .toArray() as unknown as Promise<StoredOrder[]>;
  }
}
