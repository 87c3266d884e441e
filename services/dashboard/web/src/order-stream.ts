/** Places orders at a steady rate: by the clock, so that a delay is made up for, and with a limit of orders in flight. */
export interface StreamOptions {
  readonly count: number;
  readonly perSecond: number;
  readonly place: (n: number) => Promise<unknown>;
  readonly onProgress: (progress: StreamProgress) => void;
  readonly signal: AbortSignal;
}

export interface StreamProgress {
  readonly sent: number;
  readonly failed: number;
  readonly count: number;
  readonly done: boolean;
  /** The message of the latest failure. */
  readonly problem?: string;
}

const tickMs = 50;
/** A browser opens six connections to a server, of which the feed uses one. */
const maxInFlight = 16;

export async function streamOrders({ count, perSecond, place, onProgress, signal }: StreamOptions): Promise<void> {
  const startedMs = performance.now();
  const inFlight = new Set<Promise<void>>();
  let started = 0;
  let sent = 0;
  let failed = 0;
  let problem: string | undefined;
  const report = (done: boolean): void =>
    onProgress({ sent, failed, count, done, ...(problem === undefined ? {} : { problem }) });

  const placeOne = async (n: number): Promise<void> => {
    try {
      await place(n);
      sent += 1;
    } catch (error) {
      failed += 1;
      problem = (error as Error).message;
    }
  };

  while (started < count && !signal.aborted) {
    const due = Math.min(count, 1 + Math.floor(((performance.now() - startedMs) / 1_000) * perSecond));
    for (; started < due && inFlight.size < maxInFlight; started += 1) {
      const placing: Promise<void> = placeOne(started).finally(() => inFlight.delete(placing));
      inFlight.add(placing);
    }
    report(false);
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  await Promise.all(inFlight);
  report(true);
}
