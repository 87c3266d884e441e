/** The operator with a fake Kafka that responds at once, so that only the operator's own work is measured. */
import { readConfig, runService } from '@order-pipeline/runtime';
import { settings } from '../../../operator/src/config.ts';
import type { KafkaCluster, Offsets, TopicPartitions } from '../../../operator/src/kafka/cluster.ts';
import { createConsumerScaler } from '../../../operator/src/service.ts';

const partitions = Number(process.env['FAKE_PARTITIONS']);
const perSecond = 10;

const each = (of: TopicPartitions, offset: number): Offsets =>
  new Map([...of].map(([topic, ids]) => [topic, new Map(ids.map((id) => [id, Math.floor(offset)]))]));
const end = (): number => (Date.now() / 1_000 - 1_700_000_000) * perSecond;

/** Ten records a second arrive in each partition, and the group keeps up with a lag of one second. */
const fakeKafka: KafkaCluster = {
  partitionsOf: async (topics) =>
    new Map(topics.map((topic) => [topic, Array.from({ length: partitions }, (_, id) => id)])),
  committed: async (_, of) => each(of, end() - perSecond),
  offsets: async (of, at) =>
    each(of, at === 'start' ? 0 : at === 'end' ? end() : (at / 1_000 - 1_700_000_000) * perSecond),
  describe: async (groups) =>
    new Map(
      groups.map((group) => [
        group,
        {
          state: 'Stable',
          assignor: 'RoundRobinAssigner',
          members: [{ [group]: Array.from({ length: partitions }, (_, id) => id) }],
        },
      ]),
    ),
  refresh: () => {},
  reset: async () => {},
};

await runService({
  config: () => readConfig(settings),
  build: (config) => createConsumerScaler(config, () => fakeKafka),
});
