/** The metrics of consuming and producing, under Prometheus' naming rules. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface MessagingMetrics {
  readonly consumed: Counter<'topic'>;
  readonly produced: Counter<'topic'>;
  readonly deadLettered: Counter<'topic' | 'kind'>;
  readonly handlerSeconds: Histogram;
  readonly batchSeconds: Histogram;
  readonly batchSize: Histogram;
  readonly lag: Gauge<'topic' | 'partition'>;
  /** When the oldest event in hand was sent, in milliseconds since the epoch, by partition: what the age of the lag is told from. */
  readonly oldestInHandMs: Map<string, number>;
  readonly inOutage: Gauge;
  /** Says who knows whether the consumer waits for an outage to end; asked whenever the metrics are read. */
  askOutage(isInOutage: () => boolean): void;
  readonly rebalances: Counter;
}

export function createMessagingMetrics(registry: Registry): MessagingMetrics {
  const registers = [registry];
  const oldestInHandMs = new Map<string, number>();
  const lagAge = new Gauge({
    name: 'consumer_lag_age_seconds',
    help: 'Age of the oldest event that was fetched and is not worked off; 0 when there is none.',
    registers: [],
    collect() {
      this.set(oldestInHandMs.size === 0 ? 0 : Math.max(0, Date.now() - Math.min(...oldestInHandMs.values())) / 1_000);
    },
  });
  registry.registerMetric(lagAge);
  let isInOutage = (): boolean => false;
  const inOutage = new Gauge({
    name: 'consumer_in_outage',
    help: '1 while the consumer waits for Kafka, MongoDB or another dependency to come back.',
    registers: [],
    collect() {
      this.set(isInOutage() ? 1 : 0);
    },
  });
  registry.registerMetric(inOutage);
  return {
    oldestInHandMs,
    consumed: new Counter({
      name: 'events_consumed_total',
      help: 'Records taken from a topic, whose offset was committed.',
      labelNames: ['topic'],
      registers,
    }),
    produced: new Counter({
      name: 'events_produced_total',
      help: 'Events acknowledged by all in-sync replicas.',
      labelNames: ['topic'],
      registers,
    }),
    deadLettered: new Counter({
      name: 'events_dead_lettered_total',
      help: 'Records moved to the dead-letter queue, by source topic and kind of fault.',
      labelNames: ['topic', 'kind'],
      registers,
    }),
    handlerSeconds: new Histogram({
      name: 'consumer_handler_duration_seconds',
      help: 'Time the handler took for one chunk of events.',
      buckets: secondsBuckets,
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'consumer_batch_duration_seconds',
      help: 'Time from taking a chunk to the commit of its offsets.',
      buckets: secondsBuckets,
      registers,
    }),
    batchSize: new Histogram({
      name: 'consumer_batch_size_events',
      help: 'Events in one chunk.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      registers,
    }),
    lag: new Gauge({
      name: 'consumer_lag_events',
      help: 'Events of a partition after the last committed one, as of the last chunk or look, ten seconds ago at most.',
      labelNames: ['topic', 'partition'],
      registers,
    }),
    inOutage,
    askOutage: (ask) => void (isInOutage = ask),
    rebalances: new Counter({
      name: 'consumer_group_joins_total',
      help: 'Times this consumer joined its group: the first, and one per rebalance.',
      registers,
    }),
  };
}
