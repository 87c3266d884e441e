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

/** Nothing is known yet about the time that events take: a single one may take all of it. */
const firstSize = 1;

interface Waiting<Slice> {
  readonly slice: Slice;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class ChunkCollector<Slice> {
  readonly #options: Required<ChunkCollectorOptions<Slice>>;
  readonly #waiting: Waiting<Slice>[] = [];
  #size: number;
  #busy = false;
  #closed = false;

  constructor(options: ChunkCollectorOptions<Slice>) {
    this.#options = { nowMs: () => performance.now(), ...options };
    this.#size = Math.min(firstSize, options.maxSize);
  }

  /** How many messages the next slice may hold. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves with true when the chunk that the slice became part of is done, with false when the collector was closed
   * before its turn came. Rejects with what the run of its chunk threw, or that of one before it.
   */
  submit(slice: Slice): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        resolve(false);
        return;
      }
      this.#waiting.push({ slice, resolve, reject });
      if (!this.#busy) {
        this.#busy = true;
        // The workers of one fetch submit within the same turn of the event loop: wait for all of them.
        setImmediate(() => void this.#work());
      }
    });
  }

  /** The chunk in hand is finished; what only waits for its turn is let go. */
  close(): void {
    this.#closed = true;
    for (const entry of this.#waiting.splice(0)) entry.resolve(false);
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const chunk = this.#take();
      const startMs = this.#options.nowMs();
      try {
        await this.#options.run(chunk.map((entry) => entry.slice));
        this.#adapt(chunk, this.#options.nowMs() - startMs);
        for (const entry of chunk) entry.resolve(true);
      } catch (error) {
        // What waits would fail in the same way, and only delay the joining of the group anew.
        for (const entry of [...chunk, ...this.#waiting.splice(0)]) entry.reject(error);
      }
      // Those that were waiting for this chunk come back with their next slice before the next chunk is cut.
      await new Promise(setImmediate);
    }
    this.#busy = false;
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

  #adapt(chunk: readonly { slice: Slice }[], tookMs: number): void {
    const { sizeOf, maxSize, targetMs } = this.#options;
    const size = chunk.reduce((sum, { slice }) => sum + sizeOf(slice), 0);
    if (tookMs > targetMs) this.#size = Math.max(1, Math.floor((size * targetMs) / tookMs));
    else if (size > this.#size / 2 && tookMs < targetMs / 2) this.#size = Math.min(maxSize, this.#size * 2);
  }
}
