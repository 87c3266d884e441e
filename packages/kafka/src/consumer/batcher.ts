/**
 * Joins what the partitions of one consumer deliver into batches: slices that arrive while a batch is in flight share the
 * next one, so the round trips of a batch are paid once for all partitions, and an idle consumer adds no delay.
 *
 * The size of a batch follows the time that batches take, because between two heartbeats and commits lies at most
 * `targetMs` of processing: it starts small and at most doubles.
 */
export interface BatcherOptions<Slice> {
  readonly sizeOf: (slice: Slice) => number;
  /** Processes one batch; one call at a time. */
  readonly process: (slices: readonly Slice[]) => Promise<void>;
  readonly maxSize: number;
  readonly targetMs: number;
  readonly nowMs?: () => number;
}

/** Nothing is known yet about the time that events take: a single one may take all of it. */
const firstSize = 1;

interface Waiting<Slice> {
  readonly slice: Slice;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<Slice> {
  readonly #options: Required<BatcherOptions<Slice>>;
  readonly #waiting: Waiting<Slice>[] = [];
  #size: number;
  #isProcessing = false;
  #isClosed = false;

  constructor(options: BatcherOptions<Slice>) {
    this.#options = { nowMs: () => performance.now(), ...options };
    this.#size = Math.min(firstSize, options.maxSize);
  }

  /** How many records the next slice may hold. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves with true when the batch that the slice became part of is processed, with false when the batcher was closed
   * before its turn came. Rejects with the error of its batch, or of one before it.
   */
  submit(slice: Slice): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        resolve(false);
        return;
      }
      this.#waiting.push({ slice, resolve, reject });
      if (!this.#isProcessing) {
        this.#isProcessing = true;
        // The partitions of one fetch submit within the same turn of the event loop: wait for all of them.
        setImmediate(() => void this.#processWaiting());
      }
    });
  }

  /** The batch in flight is finished; slices that only wait for their turn are released. */
  close(): void {
    this.#isClosed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(false);
  }

  async #processWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const startMs = this.#options.nowMs();
      try {
        await this.#options.process(batch.map(({ slice }) => slice));
        this.#adapt(batch, this.#options.nowMs() - startMs);
        for (const { resolve } of batch) resolve(true);
      } catch (error) {
        // What waits would fail in the same way, and only delay joining the group again.
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
      }
      // Partitions of this batch submit their next slice before the next batch is taken.
      await new Promise(setImmediate);
    }
    this.#isProcessing = false;
  }

  #take(): Waiting<Slice>[] {
    let count = 0;
    let total = 0;
    for (const { slice } of this.#waiting) {
      const size = this.#options.sizeOf(slice);
      if (count > 0 && total + size > this.#size) break;
      count += 1;
      total += size;
    }
    return this.#waiting.splice(0, count);
  }

  #adapt(batch: readonly Waiting<Slice>[], tookMs: number): void {
    const { sizeOf, maxSize, targetMs } = this.#options;
    const size = batch.reduce((sum, { slice }) => sum + sizeOf(slice), 0);
    if (tookMs > targetMs) this.#size = Math.max(1, Math.floor((size * targetMs) / tookMs));
    else if (size > this.#size / 2 && tookMs < targetMs / 2) this.#size = Math.min(maxSize, this.#size * 2);
  }
}
