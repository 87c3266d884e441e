/** Orders at a steady pace: by the clock, so a slow moment is caught up with, and with a bound on what is under way. */
export interface StreamOptions {
  readonly count: number;
  readonly perSecond: number;
  readonly place: (n: number) => Promise<unknown>;
  readonly onProgress: (progress: StreamProgress) => void;
  readonly signal: AbortSignal;
}

export interface StreamProgress {
  readonly sent: number;
  readonly refused: number;
  readonly count: number;
  readonly done: boolean;
  /** Of the last refusal. */
  readonly problem?: string;
}

const tickMs = 50;
/** A browser opens six connections to a server, and the feed has one. */
const maxUnderWay = 16;

export async function streamOrders({ count, perSecond, place, onProgress, signal }: StreamOptions): Promise<void> {
  const startedMs = performance.now();
  const underWay = new Set<Promise<void>>();
  let begun = 0;
  let sent = 0;
  let refused = 0;
  let problem: string | undefined;
  const report = (done: boolean): void =>
    onProgress({ sent, refused, count, done, ...(problem === undefined ? {} : { problem }) });

  const placeOne = async (n: number): Promise<void> => {
    try {
      await place(n);
      sent += 1;
    } catch (error) {
      refused += 1;
      problem = (error as Error).message;
    }
  };

  while (begun < count && !signal.aborted) {
    const due = Math.min(count, 1 + Math.floor(((performance.now() - startedMs) / 1_000) * perSecond));
    for (; begun < due && underWay.size < maxUnderWay; begun += 1) {
      const placing: Promise<void> = placeOne(begun).finally(() => underWay.delete(placing));
      underWay.add(placing);
    }
    report(false);
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  await Promise.all(underWay);
  report(true);
}
