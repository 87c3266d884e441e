/**
 * Joins what the partitions of one consumer have to do into chunks: slices that arrive while a chunk is in work share
 * the next one, so the round trips of a chunk are paid once for all partitions, and an idle consumer adds no delay.
 *
 * The size of a chunk follows the time that chunks take, because between two heartbeats and commits lies at most
 * `targetMs` of work: it starts small and at most doubles.
 */
export interface ChunkCollectorOptions<Slice> {
  readonly sizeOf: (slice: Slice) => number;
  readonly run: (slices: readonly Slice[]) => Promise<void>;
  readonly maxSize: number;
  readonly targetMs: number;
  readonly nowMs?: () => number;
}

const firstSize = 16;

export class ChunkCollector<Slice> {
  readonly #options: Required<ChunkCollectorOptions<Slice>>;
  readonly #waiting: { slice: Slice; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #size: number;
  #busy = false;

  constructor(options: ChunkCollectorOptions<Slice>) {
    this.#options = { nowMs: () => performance.now(), ...options };
    this.#size = Math.min(firstSize, options.maxSize);
  }

  /** How many messages the next slice may hold. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the chunk that the slice became part of is done; rejects with what its run threw. */
  submit(slice: Slice): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ slice, resolve, reject });
      if (!this.#busy) {
        this.#busy = true;
        // The workers of one fetch submit within the same turn of the event loop: wait for all of them.
        setImmediate(() => void this.#work());
      }
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const chunk = this.#take();
      const startMs = this.#options.nowMs();
      try {
        await this.#options.run(chunk.map((entry) => entry.slice));
        this.#adapt(chunk, this.#options.nowMs() - startMs);
        for (const entry of chunk) entry.resolve();
      } catch (error) {
        for (const entry of chunk) entry.reject(error);
      }
      // Those that were waiting for this chunk come back with their next slice before the next chunk is cut.
      await new Promise(setImmediate);
    }
    this.#busy = false;
  }

  #take(): { slice: Slice; resolve: () => void; reject: (error: unknown) => void }[] {
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

  #adapt(chunk: readonly { slice: Slice }[], tookMs: number): void {
    const { sizeOf, maxSize, targetMs } = this.#options;
    const size = chunk.reduce((sum, { slice }) => sum + sizeOf(slice), 0);
    if (tookMs > targetMs) this.#size = Math.max(1, Math.floor((size * targetMs) / tookMs));
    else if (size > this.#size / 2 && tookMs < targetMs / 2) this.#size = Math.min(maxSize, this.#size * 2);
  }
}
