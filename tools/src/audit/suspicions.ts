/**
 * What looked wrong is looked at again after a while, and counts only if it still does: an audit beside a running
 * pipeline reads its databases one after the other, and what lies between two reads is no fault.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Suspect } from './rule.ts';

export interface SuspicionOptions<Item> {
  readonly recheckAfterMs: number;
  readonly signal: AbortSignal;
  /** Looks again at items as they are now. */
  readonly lookAgain: (items: readonly Item[]) => Promise<readonly Suspect<Item>[]>;
  readonly onConfirmed: (suspect: Suspect<Item>) => void;
}

/** More are looked at again before the source is gone through further, so that memory stays bounded. */
const maxOpen = 2_000;
/** As many as one look-up takes. */
const batchSize = 500;

export class Suspicions<Item> {
  readonly #options: SuspicionOptions<Item>;
  #open: { readonly suspect: Suspect<Item>; readonly sinceMs: number }[] = [];

  constructor(options: SuspicionOptions<Item>) {
    this.#options = options;
  }

  async add(suspects: readonly Suspect<Item>[]): Promise<void> {
    const sinceMs = performance.now();
    for (const suspect of suspects) this.#open.push({ suspect, sinceMs });
    if (this.#open.length >= maxOpen) await this.settle();
  }

  /** Resolves when everything that was suspected so far is confirmed or dropped. */
  async settle(): Promise<void> {
    const { recheckAfterMs, signal, lookAgain, onConfirmed } = this.#options;
    const open = this.#open;
    this.#open = [];
    const last = open.at(-1);
    if (!last) return;
    await pause(Math.max(0, last.sinceMs + recheckAfterMs - performance.now()), undefined, { signal });
    for (let start = 0; start < open.length; start += batchSize) {
      const again = await lookAgain(open.slice(start, start + batchSize).map(({ suspect }) => suspect.item));
      for (const suspect of again) onConfirmed(suspect);
    }
  }
}
