/** Requests that wait for a state share one read per tick, whichever replica consumes the events that lead to it. */
import { canReach, isFinal, type OrderState } from '@order-pipeline/events/order-lifecycle';
import { wait } from '@order-pipeline/resilience';

interface Waiting {
  readonly orderId: string;
  readonly state: OrderState;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type ReadStates = (orderIds: readonly string[]) => Promise<ReadonlyMap<string, OrderState>>;

const tickMs = 25;
const maxWaiting = 1_000;

export class OrderWaiter {
  readonly #readStates: ReadStates;
  readonly #stopping: AbortSignal;
  readonly #waiting = new Set<Waiting>();
  #isPolling = false;

  constructor(readStates: ReadStates, stopping: AbortSignal) {
    this.#readStates = readStates;
    this.#stopping = stopping;
  }

  /** Whether as many requests wait as may. */
  get isFull(): boolean {
    return this.#waiting.size >= maxWaiting;
  }

  /** Resolves when the order is in the state or past it, in a final state, or the time is over. Rejects when a read fails. */
  wait(orderId: string, state: OrderState, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ orderId, state, deadlineMs: performance.now() + timeoutMs, resolve, reject });
      if (!this.#isPolling) void this.#poll();
    });
  }

  async #poll(): Promise<void> {
    this.#isPolling = true;
    while (this.#waiting.size > 0) {
      const round = [...this.#waiting];
      try {
        const states = await this.#readStates([...new Set(round.map(({ orderId }) => orderId))]);
        for (const each of round) this.#settle(each, states.get(each.orderId));
      } catch (error) {
        for (const each of round) {
          this.#waiting.delete(each);
          each.reject(error);
        }
      }
      if (this.#waiting.size > 0) await wait(tickMs, this.#stopping).catch(() => undefined);
    }
    this.#isPolling = false;
  }

  #settle(each: Waiting, state: OrderState | undefined): void {
    const isReached = state !== undefined && (isFinal(state) || canReach(each.state, state));
    if (!isReached && performance.now() < each.deadlineMs && !this.#stopping.aborted) return;
    this.#waiting.delete(each);
    each.resolve();
  }
}
