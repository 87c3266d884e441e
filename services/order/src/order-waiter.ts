/** Requests that wait for a state share one read per tick, whichever replica consumes the events that bring it about. */
import { setTimeout as delay } from 'node:timers/promises';
import { canReach, isFinal, type OrderState } from '@order-pipeline/events/order-lifecycle';

export interface OrderWaiter {
  /** Resolves when the order is in the state or past it, at an end, or the time is over. Rejects when reading fails. */
  wait(orderId: string, state: OrderState, timeoutMs: number): Promise<void>;
  isFull(): boolean;
}

interface Waiting {
  readonly orderId: string;
  readonly state: OrderState;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const tickMs = 25;
const maxWaiting = 1_000;

export function createOrderWaiter(
  statesOf: (orderIds: readonly string[]) => Promise<Map<string, OrderState>>,
  stopping: AbortSignal,
): OrderWaiter {
  const waiting = new Set<Waiting>();
  let watching = false;

  const settle = (each: Waiting, states: ReadonlyMap<string, OrderState>): void => {
    const now = states.get(each.orderId);
    const settled = now !== undefined && (isFinal(now) || canReach(each.state, now));
    if (!settled && performance.now() < each.deadlineMs && !stopping.aborted) return;
    waiting.delete(each);
    each.resolve();
  };

  const watch = async (): Promise<void> => {
    watching = true;
    while (waiting.size > 0) {
      const round = [...waiting];
      try {
        const states = await statesOf([...new Set(round.map(({ orderId }) => orderId))]);
        for (const each of round) settle(each, states);
      } catch (error) {
        for (const each of round) {
          waiting.delete(each);
          each.reject(error);
        }
      }
      if (waiting.size > 0) await delay(tickMs, undefined, { signal: stopping }).catch(() => undefined);
    }
    watching = false;
  };

  return {
    wait: (orderId, state, timeoutMs) =>
      new Promise((resolve, reject) => {
        waiting.add({ orderId, state, deadlineMs: performance.now() + timeoutMs, resolve, reject });
        if (!watching) void watch();
      }),
    isFull: () => waiting.size >= maxWaiting,
  };
}
