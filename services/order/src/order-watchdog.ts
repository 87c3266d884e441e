/** Makes orders visible that have not moved for too long: as a metric, and as one log line per step that is stuck. */
import { wait, type GroupLagReader, type Logger } from '@order-pipeline/messaging';
import type { Gauge } from '@order-pipeline/service-host';
import { awaitedStep } from './awaited-step.ts';
import type { OrderRepository } from './order-repository.ts';

export interface WatchdogOptions {
  readonly repository: Pick<OrderRepository, 'findUnmoved'>;
  readonly lagReader: Pick<GroupLagReader, 'lagOf'>;
  readonly stuck: Gauge<'consumer_group' | 'topic'>;
  readonly logger: Logger;
  readonly stuckAfterMs: number;
  readonly checkEveryMs: number;
}

/** More are counted as this many: the metric says that something is wrong, not how large the backlog is. */
const maxCounted = 1_000;

export function createOrderWatchdog(options: WatchdogOptions) {
  const { repository, lagReader, stuck, logger, stuckAfterMs, checkEveryMs } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const check = async (): Promise<void> => {
    const orders = await repository.findUnmoved(new Date(Date.now() - stuckAfterMs), maxCounted);
    stuck.reset();
    const bySteps = Map.groupBy(orders, (order) => JSON.stringify(awaitedStep(order)));
    for (const waiting of bySteps.values()) {
      const oldest = waiting[0]!;
      const step = awaitedStep(oldest);
      if (!step) continue;
      const { consumerGroup: consumer_group, topic } = step;
      stuck.set({ consumer_group, topic }, waiting.length);
      const lag = await lagReader.lagOf(consumer_group, topic).then(Number, () => 'unknown');
      logger.warn(
        {
          orders: waiting.length,
          consumer_group,
          topic,
          lag,
          order_id: oldest._id,
          trace_id: oldest.traceparent?.split('-')[1],
          state: oldest.status,
          unmoved_since: oldest.updated_at,
        },
        'orders are stuck',
      );
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await check().catch((error: unknown) => logger.debug({ err: error }, 'cannot look for stuck orders now'));
      await wait(checkEveryMs, stopping.signal).catch(() => undefined);
    }
  };

  return {
    start: (): void => void (running = run()),
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
