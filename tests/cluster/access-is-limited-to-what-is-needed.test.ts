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

/** The targets to which a pod with these labels can open a TCP connection. */
async function reachableFrom(name: string, labels: Readonly<Record<string, string>>): Promise<string[]> {
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
    ['only Kafka', 'kafka-client', { 'order-pipeline.dev/kafka-client': 'true' }, ['kafka']],
    ['only MongoDB', 'mongodb-client', { 'order-pipeline.dev/mongodb-client': 'true' }, ['mongodb']],
    ['only the services', 'http-client', { 'order-pipeline.dev/http-client': 'true' }, ['order']],
  ])(
    'let a pod reach %s with the label %s',
    async (_, name, labels, expected) => {
      expect(await reachableFrom(`reach-${name}`, labels)).toEqual(expected);
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

/** The names for which the operation is not rejected as unauthorized. */
async function allowed(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    try {
      await work(name);
      found.push(name);
    } catch (error) {
      // For a group kafkajs requests the coordinator first, and reports only that it has not found one.
      expect(String(error)).toMatch(/Not authorized to access topics|Failed to find group coordinator/u);
    }
  }
  return found.toSorted();
}

/** The rights of a service's Kafka user. It is not tried to produce to the service's own topics. */
async function rightsOf(entry: ServiceEntry): Promise<Record<'describe' | 'write' | 'offsets', string[]>> {
  const { consumerGroup } = entry;
  const { password } = (await readSecret(consumerGroup))!;
  const foreign = topics.filter((topic) => !writtenBy(entry).includes(topic));
  return asKafkaUser({ user: consumerGroup, password: password! }, async (kafka) => {
    const [producer, admin] = [kafka.producer({ allowAutoTopicCreation: false }), kafka.admin()];
    await Promise.all([producer.connect(), admin.connect()]);
    try {
      return {
        // The rights to read and to write include the right to describe, so a user without it has neither.
        describe: await allowed(topics, (topic) => admin.fetchTopicMetadata({ topics: [topic] })),
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
    'of %s grant access to its own topics and group, and to no others',
    async (_, entry) => {
      expect(await rightsOf(entry)).toEqual({
        describe: [...new Set([...entry.consumes, ...writtenBy(entry)])].toSorted(),
        write: [],
        offsets: [entry.consumerGroup],
      });
    },
    limitMs,
  );

  test.each(everyEntry.map(({ name, database }) => [name, database] as const))(
    'of %s grant access to %s, and to no database of another service',
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
