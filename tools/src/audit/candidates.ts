/**
 * Possible violations of one rule. Each is checked again after a while and counts only if it still violates the rule: the
 * audit reads the databases of a running pipeline one after the other, and a change between two reads is no violation.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Candidate } from './rule.ts';

export interface CandidateOptions<Item> {
  readonly recheckAfterMs: number;
  readonly signal: AbortSignal;
  /** Checks the items as they are now. */
  readonly recheck: (items: readonly Item[]) => Promise<readonly Candidate<Item>[]>;
  readonly onConfirmed: (candidate: Candidate<Item>) => void;
}

/** With more of them, the check is repeated before the scan continues, so that memory stays bounded. */
const maxPending = 2_000;
/** The ids of one query. */
const batchSize = 500;

export class Candidates<Item> {
  readonly #options: CandidateOptions<Item>;
  #pending: { readonly candidate: Candidate<Item>; readonly sinceMs: number }[] = [];

  constructor(options: CandidateOptions<Item>) {
    this.#options = options;
  }

  async add(candidates: readonly Candidate<Item>[]): Promise<void> {
    const sinceMs = performance.now();
    for (const candidate of candidates) this.#pending.push({ candidate, sinceMs });
    if (this.#pending.length >= maxPending) await this.settle();
  }

  /** Resolves when every candidate so far is confirmed or dropped. */
  async settle(): Promise<void> {
    const { recheckAfterMs, signal, recheck, onConfirmed } = this.#options;
    const pending = this.#pending;
    this.#pending = [];
    const last = pending.at(-1);
    if (!last) return;
    await pause(Math.max(0, last.sinceMs + recheckAfterMs - performance.now()), undefined, { signal });
    for (let start = 0; start < pending.length; start += batchSize) {
      const items = pending.slice(start, start + batchSize).map(({ candidate }) => candidate.item);
      for (const candidate of await recheck(items)) onConfirmed(candidate);
    }
  }
}
