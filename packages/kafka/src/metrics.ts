/** The metrics of consuming and producing, under Prometheus' naming rules. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { deadLetterKinds } from './dead-letters/dead-letter.ts';

export interface MessagingMetrics {
  readonly consumed: Counter<'topic'>;
  readonly produced: Counter<'topic'>;
  readonly deadLettered: Counter<'topic' | 'kind'>;
  readonly rebalances: Counter;
  readonly handlerSeconds: Histogram;
  readonly batchSeconds: Histogram;
  readonly batchSize: Histogram;
  readonly lag: Gauge<'topic' | 'partition'>;
  /** When the oldest event in flight was sent, in milliseconds since the epoch, by partition: the lag age derives from it. */
  readonly oldestInFlightMs: Map<string, number>;
  readonly inOutage: Gauge;
  /** Sets the source of `inOutage`, which is asked whenever the metrics are read. */
  askOutage(isInOutage: () => boolean): void;
}

const createCounters = (registry: Registry) => ({
  consumed: new Counter({
    name: 'events_consumed_total',
    help: 'Records consumed from a topic, with a committed offset.',
    labelNames: ['topic'],
    registers: [registry],
  }),
  produced: new Counter({
    name: 'events_produced_total',
    help: 'Events acknowledged by all in-sync replicas.',
    labelNames: ['topic'],
    registers: [registry],
  }),
  deadLettered: new Counter({
    name: 'events_dead_lettered_total',
    help: 'Records moved to the dead-letter queue, by source topic and kind of fault.',
    labelNames: ['topic', 'kind'],
    registers: [registry],
  }),
  rebalances: new Counter({
    name: 'consumer_group_joins_total',
    help: 'Times this consumer joined its group: the first, and one per rebalance.',
    registers: [registry],
  }),
});

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const createHistograms = (registry: Registry) => ({
  handlerSeconds: new Histogram({
    name: 'consumer_handler_duration_seconds',
    help: 'Time the handler took for one batch of events.',
    buckets: secondsBuckets,
    registers: [registry],
  }),
  batchSeconds: new Histogram({
    name: 'consumer_batch_duration_seconds',
    help: 'Time from the start of a batch to the commit of its offsets.',
    buckets: secondsBuckets,
    registers: [registry],
  }),
  batchSize: new Histogram({
    name: 'consumer_batch_size_events',
    help: 'Events in one batch.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers: [registry],
  }),
});

const createLagAge = (registry: Registry, oldestInFlightMs: ReadonlyMap<string, number>): Gauge =>
  new Gauge({
    name: 'consumer_lag_age_seconds',
    help: 'Age of the oldest event that was fetched and is not processed; 0 when there is none.',
    registers: [registry],
    collect() {
      const oldestMs = Math.min(...oldestInFlightMs.values());
      this.set(oldestInFlightMs.size === 0 ? 0 : Math.max(0, Date.now() - oldestMs) / 1_000);
    },
  });

const createInOutage = (registry: Registry, isInOutage: () => boolean): Gauge =>
  new Gauge({
    name: 'consumer_in_outage',
    help: '1 while the consumer waits for Kafka, MongoDB or another dependency to become available.',
    registers: [registry],
    collect() {
      this.set(isInOutage() ? 1 : 0);
    },
  });

export function createMessagingMetrics(registry: Registry): MessagingMetrics {
  const oldestInFlightMs = new Map<string, number>();
  let isInOutage = (): boolean => false;
  createLagAge(registry, oldestInFlightMs);
  return {
    ...createCounters(registry),
    ...createHistograms(registry),
    lag: new Gauge({
      name: 'consumer_lag_events',
      help: 'Events of a partition after the last committed one, as of the last batch or read, ten seconds ago at most.',
      labelNames: ['topic', 'partition'],
      registers: [registry],
    }),
    oldestInFlightMs,
    inOutage: createInOutage(registry, () => isInOutage()),
    askOutage: (ask) => void (isInOutage = ask),
  };
}

/** A counter that begins with its first event hides that event from a query for its increase. */
export function startCountersAtZero(
  { consumed, deadLettered }: Pick<MessagingMetrics, 'consumed' | 'deadLettered'>,
  topics: readonly string[],
): void {
  for (const topic of topics) {
    consumed.inc({ topic }, 0);
    for (const kind of deadLetterKinds) deadLettered.inc({ topic, kind }, 0);
  }
}
