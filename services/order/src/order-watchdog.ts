/** Makes orders visible that have not moved for too long: as a metric, and as one log line per step that is stuck. */
import { services, type EventType } from '@order-pipeline/events';
import { awaitedStep } from '@order-pipeline/events/order-lifecycle';
import type { GroupLagReader } from '@order-pipeline/kafka';
import { wait, type Logger } from '@order-pipeline/resilience';
import type { Gauge } from '@order-pipeline/runtime';
import type { OrderRepository, OrderWithoutEvents } from './order-repository.ts';

export interface WatchdogOptions {
  readonly repository: Pick<OrderRepository, 'findUnmoved'>;
  readonly lagReader: Pick<GroupLagReader, 'lagOf'>;
  readonly stuck: Gauge<'consumer_group' | 'topic'>;
  readonly logger: Logger;
  readonly stuckAfterMs: number;
  readonly checkEveryMs: number;
}

/** Stands for a consumer group where the awaited event is stored and not published yet: no group can have it then. */
const ownOutbox = 'outbox';

interface StuckStep {
  readonly consumerGroup: string;
  readonly topic: EventType;
  readonly outcomeTopic: EventType;
}

interface Culprit {
  readonly consumer_group: string;
  readonly topic: string;
  /** Records that it has before it; of the outbox, orders. */
  readonly lag: number | 'unknown';
}

/** More are counted as this many: the metric says that something is wrong, not how large the backlog is. */
const maxCounted = 1_000;

export function createOrderWatchdog(options: WatchdogOptions) {
  const { repository, lagReader, stuck, logger, stuckAfterMs, checkEveryMs } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const lagOf = (consumerGroup: string, topic: string): Promise<number | 'unknown'> =>
    lagReader.lagOf(consumerGroup, topic).then(Number, () => 'unknown');

  /** Whoever has the next record before it: a group that has worked off everything waits for our own to hear of it. */
  const whoIsBehind = async ({ consumerGroup, topic, outcomeTopic }: StuckStep, orders: number): Promise<Culprit> => {
    if (consumerGroup === ownOutbox) return { consumer_group: consumerGroup, topic, lag: orders };
    const lag = await lagOf(consumerGroup, topic);
    if (lag === 0) {
      const own = await lagOf(services.order.consumerGroup, outcomeTopic);
      if (own !== 0) return { consumer_group: services.order.consumerGroup, topic: outcomeTopic, lag: own };
    }
    return { consumer_group: consumerGroup, topic, lag };
  };

  const check = async (): Promise<void> => {
    const orders = await repository.findUnmoved(new Date(Date.now() - stuckAfterMs), maxCounted);
    const found: { readonly count: number; readonly culprit: Culprit }[] = [];
    for (const waiting of Map.groupBy(orders, (order) => JSON.stringify(stuckStep(order))).values()) {
      const oldest = waiting[0]!;
      const step = stuckStep(oldest);
      if (!step) continue;
      const culprit = await whoIsBehind(step, waiting.length);
      found.push({ count: waiting.length, culprit });
      logger.warn(
        {
          orders: waiting.length,
          ...culprit,
          order_id: oldest._id,
          trace_id: oldest.traceparent?.split('-')[1],
          state: oldest.status,
          unmoved_since: oldest.updated_at,
        },
        'orders are stuck',
      );
    }
    // All at once: a scrape meanwhile sees what the last look found.
    stuck.reset();
    for (const { count, culprit } of found) {
      stuck.inc({ consumer_group: culprit.consumer_group, topic: culprit.topic }, count);
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await check().catch((error: unknown) => logger.debug({ err: error }, 'cannot look for stuck orders now'));
      await wait(checkEveryMs, stopping.signal).catch(() => undefined);
    }
  };

  return {
    name: 'watchdog',
    start: (): void => void (running = run()),
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}

function stuckStep({ status, facts, outbox }: OrderWithoutEvents): StuckStep | undefined {
  const step = awaitedStep(status, new Set(Object.keys(facts)));
  if (!step) return undefined;
  const isUnpublished = outbox?.some(({ fact }) => fact === step.fact) ?? false;
  const { topic, outcomeTopic } = step;
  return { consumerGroup: isUnpublished ? ownOutbox : services[step.service].consumerGroup, topic, outcomeTopic };
}
