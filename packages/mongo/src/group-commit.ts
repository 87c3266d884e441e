/**
 * Group commit: items that arrive while a write is in flight share the next one. A durable write costs once per batch,
 * and an idle service adds no delay. (Gawlick and Kinkade, "Varieties of Concurrency Control in IMS/VS Fast
 * Path", 1985.)
 */
export interface GroupCommitOptions<Item, Result> {
  /** Writes a batch and returns one result per item, in order. When it throws, every item of the batch rejects with that. */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly maxBatch: number;
  /** Items that may wait; above it an item rejects with `full`. */
  readonly maxWaiting: number;
  readonly full: () => Error;
}

export type GroupCommit<Item, Result> = (item: Item) => Promise<Result>;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const { write, maxBatch, maxWaiting, full } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let writing = false;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      try {
        const results = await write(batch.map((entry) => entry.item));
        batch.forEach((entry, index) => entry.resolve(results[index]!));
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
    writing = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) {
        reject(full());
        return;
      }
      waiting.push({ item, resolve, reject });
      if (writing) return;
      writing = true;
      // Requests that were read from their sockets in the same turn of the event loop go together.
      setImmediate(() => void writeAll());
    });
}
