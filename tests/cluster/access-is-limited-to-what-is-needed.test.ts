import { describe, expect, test } from '@jest/globals';
import {
  deadLetterTopic,
  everyService,
  services,
  topics as allTopics,
  type ServiceEntry,
} from '@order-pipeline/events';
import { objectsOf, only, renderChart } from '../manifests/render.ts';
import { asKafkaUser, asMongoUser } from './support/clients.ts';
import { version } from './support/images.ts';
import { apply, kubectl, podResult } from './support/kubectl.ts';
import { readSecret } from './support/secrets.ts';

const limitMs = 300_000;
const entries: readonly ServiceEntry[] = Object.values(services);

const targets = {
  kafka: 'pipeline-kafka-bootstrap:9093',
  mongodb: 'pipeline-mongodb-svc:27017',
  order: 'order:8001',
};

/** Which of the targets a pod with these labels gets a TCP connection to. */
async function reached(name: string, labels: Readonly<Record<string, string>>): Promise<string[]> {
  const pod = only(objectsOf(await renderChart('order', '--set', `image.tag=${version}`)), 'Pod');
  Object.assign(pod.metadata, { name, annotations: {}, labels });
  const [container] = pod['spec'].containers;
  container.args = [
    '--input-type=module',
    '--eval',
    `import { connect } from 'node:net';
     const open = (target) => new Promise((answer) => {
       const [host, port] = target.split(':');
       const socket = connect({ host, port, timeout: 4000 });
       for (const event of ['error', 'timeout']) socket.on(event, () => { socket.destroy(); answer(false); });
       socket.on('connect', () => { socket.destroy(); answer(true); });
     });
     const targets = ${JSON.stringify(targets)};
     const names = [];
     for (const [name, target] of Object.entries(targets)) if (await open(target)) names.push(name);
     console.log(JSON.stringify(names));`,
  ];
  await kubectl('delete', 'pod', name, '--ignore-not-found', '--wait');
  await apply(JSON.stringify(pod));
  const log = await podResult(name, 90_000);
  await kubectl('delete', 'pod', name, '--wait=false');
  return JSON.parse(log.trim().split('\n').at(-1)!) as string[];
}

describe('network policies', () => {
  test.each([
    ['nothing', 'stranger', {}, []],
    ['Kafka alone', 'kafka-client', { 'order-pipeline.dev/kafka-client': 'true' }, ['kafka']],
    ['MongoDB alone', 'mongodb-client', { 'order-pipeline.dev/mongodb-client': 'true' }, ['mongodb']],
    ['the services alone', 'http-client', { 'order-pipeline.dev/http-client': 'true' }, ['order']],
  ])(
    'let a pod reach %s when its label says %s',
    async (_, name, labels, expected) => {
      expect(await reached(`reach-${name}`, labels)).toEqual(expected);
    },
    limitMs,
  );
});

const topics = allTopics.map(({ name }) => name);
const everyEntry: readonly ServiceEntry[] = Object.values(everyService);
const groups = everyEntry.map(({ consumerGroup }) => consumerGroup);
const writtenBy = ({ consumerGroup, produces }: ServiceEntry): string[] => [
  ...produces,
  deadLetterTopic(consumerGroup),
];

/** Of the names, those for which the work is not refused as forbidden. */
async function allowed(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    try {
      await work(name);
      found.push(name);
    } catch (error) {
      // Of a group kafkajs looks for the coordinator first, and says only that it was not told of one.
      expect(String(error)).toMatch(/Not authorized to access topics|Failed to find group coordinator/u);
    }
  }
  return found.toSorted();
}

/** What a service's own login may do in Kafka; what it writes itself is not written to. */
async function rightsOf(entry: ServiceEntry): Promise<Record<'ask' | 'write' | 'offsets', string[]>> {
  const { consumerGroup } = entry;
  const { password } = (await readSecret(consumerGroup))!;
  const foreign = topics.filter((topic) => !writtenBy(entry).includes(topic));
  return asKafkaUser({ user: consumerGroup, password: password! }, async (kafka) => {
    const [producer, admin] = [kafka.producer({ allowAutoTopicCreation: false }), kafka.admin()];
    await Promise.all([producer.connect(), admin.connect()]);
    try {
      return {
        // Whoever may read or write may ask, so who may not even ask may do neither.
        ask: await allowed(topics, (topic) => admin.fetchTopicMetadata({ topics: [topic] })),
        write: await allowed(foreign, (topic) => producer.send({ topic, messages: [{ value: 'not an event' }] })),
        offsets: await allowed(groups, (groupId) => admin.fetchOffsets({ groupId })),
      };
    } finally {
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    }
  });
}

describe("a service's credentials", () => {
  test.each(entries.map((entry) => [entry.name, entry] as const))(
    'of %s are good for its own topics and its own group, and refused all others',
    async (_, entry) => {
      expect(await rightsOf(entry)).toEqual({
        ask: [...new Set([...entry.consumes, ...writtenBy(entry)])].toSorted(),
        write: [],
        offsets: [entry.consumerGroup],
      });
    },
    limitMs,
  );

  test.each(everyEntry.map(({ name, database }) => [name, database] as const))(
    'of %s read %s, and neither read nor write the database of another',
    async (name, database) => {
      const { username, password } = (await readSecret(`${name}-mongodb`))!;
      await asMongoUser({ user: username!, password: password! }, async (client) => {
        const documentsOf = (owner: string) => client.db(owner).collection<{ _id: string }>('rights');
        expect(await documentsOf(database).findOne({ _id: 'none' })).toBeNull();
        const gateway = name === 'payment' ? [] : ['gateway_db'];
        const others = everyEntry.map((entry) => entry.database).filter((other) => other !== database);
        for (const other of [...others, ...gateway, 'admin']) {
          await expect(documentsOf(other).findOne({ _id: 'none' })).rejects.toThrow(/not authorized/u);
          await expect(documentsOf(other).insertOne({ _id: 'written' })).rejects.toThrow(/not authorized/u);
        }
      });
    },
    limitMs,
  );
});
