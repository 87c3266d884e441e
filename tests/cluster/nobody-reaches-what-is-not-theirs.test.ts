import { describe, expect, test } from '@jest/globals';
import { services, type ServiceEntry } from '@order-pipeline/events';
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

/** What Kafka says to a service's own login that writes to the topic, and that reads what another group has committed. */
async function rightsOf(
  { consumerGroup }: ServiceEntry,
  topic: string,
  group: string,
): Promise<Record<string, string>> {
  const { password } = (await readSecret(consumerGroup))!;
  const outcome = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: Error & { type?: string }) => error.type ?? error.message,
    );
  return asKafkaUser({ user: consumerGroup, password: password! }, async (kafka) => {
    const [producer, admin] = [kafka.producer({ allowAutoTopicCreation: false }), kafka.admin()];
    await Promise.all([producer.connect(), admin.connect()]);
    try {
      return {
        [`write ${topic}`]: await outcome(producer.send({ topic, messages: [{ value: 'not an event' }] })),
        [`offsets of ${group}`]: await outcome(admin.fetchOffsets({ groupId: group })),
      };
    } finally {
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    }
  });
}

describe("a service's credentials", () => {
  test.each(entries.map((entry) => [entry.name, entry] as const))(
    'of %s may ask for their own group, and are refused a topic and a group of the others',
    async (_, entry) => {
      const other = entries.find(({ name }) => name !== entry.name)!;
      const topic = other.produces[0]!;
      expect(await rightsOf(entry, topic, other.consumerGroup)).toEqual({
        [`write ${topic}`]: 'TOPIC_AUTHORIZATION_FAILED',
        [`offsets of ${other.consumerGroup}`]: 'GROUP_AUTHORIZATION_FAILED',
      });
      const own = await rightsOf(entry, topic, entry.consumerGroup);
      expect(own[`offsets of ${entry.consumerGroup}`]).toBe('done');
    },
    limitMs,
  );

  test.each(entries.map(({ name }) => name))(
    'of %s read their own database, and are refused those of the others',
    async (name) => {
      const { username, password } = (await readSecret(`${name}-mongodb`))!;
      await asMongoUser({ user: username!, password: password! }, async (client) => {
        const read = (owner: string): Promise<unknown> =>
          client.db(`${owner}_db`).collection<{ _id: string }>('rights').findOne({ _id: 'none' });
        expect(await read(name)).toBeNull();
        for (const owner of entries.filter((entry) => entry.name !== name))
          await expect(read(owner.name)).rejects.toThrow(/not authorized/u);
      });
    },
    limitMs,
  );
});
