/** Below a third of the shortest session time-out. */
const heartbeatMs = 1_000;

/**
 * Sends heartbeats while the work lasts, for kafkajs has no background heartbeat. A heartbeat that fails says that the
 * membership is lost: it aborts the signal that the work is given, and this call rejects with its error.
 */
export async function withHeartbeats(
  heartbeat: () => Promise<void>,
  work: (membershipLost: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  const beat = (): Promise<void> => heartbeat().catch((error: unknown) => lost.abort(error));
  const timer = setInterval(() => void beat(), heartbeatMs);
  try {
    await work(lost.signal);
    // Work is often shorter than the interval: without this one a busy member would not notice a rebalance.
    await beat();
  } finally {
    clearInterval(timer);
  }
  lost.signal.throwIfAborted();
}
