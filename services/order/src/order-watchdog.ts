/** Reports orders that are stuck: as a metric, and as one log line per step that they wait for. */
import { services, type EventType } from '@order-pipeline/events';
import { awaitedStep } from '@order-pipeline/events/order-lifecycle';
import type { GroupLagReader } from '@order-pipeline/kafka';
import { PeriodicTask, type Logger } from '@order-pipeline/resilience';
import { Gauge, type Registry } from '@order-pipeline/runtime';
import { traceIdOf } from '@order-pipeline/tracing';
import type { OrderRepository, OrderWithoutEvents } from './order-repository.ts';

export interface WatchdogOptions {
  readonly repository: Pick<OrderRepository, 'findUnchanged'>;
  readonly lagReader: Pick<GroupLagReader, 'lagOf'>;
  readonly registry: Registry;
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

interface LaggingGroup {
  readonly consumer_group: string;
  readonly topic: string;
  /** Records; of the outbox, orders. */
  readonly lag: number | 'unknown';
}

/** More count as this many: the metric shows that something is wrong, not how large the backlog is. */
const maxCounted = 1_000;

/** A periodic check that logs stuck orders and sets `orders_stuck`. */
export function createOrderWatchdog(options: WatchdogOptions): PeriodicTask {
  const { registry, logger, checkEveryMs } = options;
  const stuck = new Gauge({
    name: 'orders_stuck',
    help: 'Open orders whose state has not changed for too long, by the consumer group and topic that they wait for.',
    labelNames: ['consumer_group', 'topic'],
    registers: [registry],
  });
  return new PeriodicTask({
    name: 'watchdog',
    everyMs: checkEveryMs,
    logger,
    async run() {
      const found = await findStuckSteps(options);
      // Set together: a scrape meanwhile sees the result of the last check.
      stuck.reset();
      for (const { orders, group } of found) {
        stuck.inc({ consumer_group: group.consumer_group, topic: group.topic }, orders);
      }
    },
  });
}

interface StuckOrders {
  readonly orders: number;
  readonly group: LaggingGroup;
}

async function findStuckSteps({
  repository,
  lagReader,
  logger,
  stuckAfterMs,
}: WatchdogOptions): Promise<readonly StuckOrders[]> {
  const orders = await repository.findUnchanged(new Date(Date.now() - stuckAfterMs), maxCounted);
  const found: StuckOrders[] = [];
  for (const waiting of Map.groupBy(orders, (order) => JSON.stringify(stuckStep(order))).values()) {
    const oldest = waiting[0]!;
    const step = stuckStep(oldest);
    if (!step) continue;
    const group = await findLaggingGroup(lagReader, step, waiting.length);
    found.push({ orders: waiting.length, group });
    logger.warn(
      {
        orders: waiting.length,
        ...group,
        order_id: oldest._id,
        trace_id: traceIdOf(oldest.traceparent),
        state: oldest.status,
        unmoved_since: oldest.updated_at,
      },
      'orders are stuck',
    );
  }
  return found;
}

function stuckStep({ status, facts, outbox }: OrderWithoutEvents): StuckStep | undefined {
  const step = awaitedStep(status, new Set(Object.keys(facts)));
  if (!step) return undefined;
  const isUnpublished = outbox?.some(({ fact }) => fact === step.fact) ?? false;
  const { topic, outcomeTopic } = step;
  return { consumerGroup: isUnpublished ? ownOutbox : services[step.service].consumerGroup, topic, outcomeTopic };
}

/** The group with the next record to process: where the awaited one has no lag, our own has yet to read its outcome. */
async function findLaggingGroup(
  lagReader: WatchdogOptions['lagReader'],
  { consumerGroup, topic, outcomeTopic }: StuckStep,
  orders: number,
): Promise<LaggingGroup> {
  const lagOf = (group: string, ofTopic: string): Promise<number | 'unknown'> =>
    lagReader.lagOf(group, ofTopic).then(Number, () => 'unknown');
  if (consumerGroup === ownOutbox) return { consumer_group: consumerGroup, topic, lag: orders };
  const lag = await lagOf(consumerGroup, topic);
  if (lag === 0) {
    const own = await lagOf(services.order.consumerGroup, outcomeTopic);
    if (own !== 0) return { consumer_group: services.order.consumerGroup, topic: outcomeTopic, lag: own };
  }
  return { consumer_group: consumerGroup, topic, lag };
}
