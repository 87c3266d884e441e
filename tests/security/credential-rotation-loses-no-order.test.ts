import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { services, type ServiceEntry } from '@order-pipeline/events';
import { createKafka, ensureTopics } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { freePort } from '../../dev/ports.ts';
import { Replica, type ServiceName, type ServiceReplica } from '../../dev/service-replica.ts';
import { objectsOf, only, renderChart, renderOverlay, type KubeObject } from '../manifests/render.ts';
import { createAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, postJson, putJson } from '../support/http.ts';
import { articleOrder } from '../support/orders.ts';
import { auditTool } from '../../tools/src/audit/tool.ts';
import { startSecuredKafka, type SecuredKafka } from '../support/secured-kafka.ts';
import { startSecuredMongo, type Role, type SecuredMongo } from '../support/secured-mongo.ts';

const setUpLimitMs = 30 * 60_000; // the first time: helm and kustomize are built
const testLimitMs = 300_000;

const entries: readonly ServiceEntry[] = Object.values(services);
const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-secured-'));
const secret = (service: string, path: string): string => join(dir, 'secrets', service, path);

let kafka: SecuredKafka;
let mongo: SecuredMongo;
let certificate: string;
let roles: ReadonlyMap<string, readonly Role[]>;
const replicas = new Map<string, ServiceReplica>();

/** Atomically, as the kubelet replaces mounted files. */
function writeSecret(service: string, path: string, text: string): void {
  const file = secret(service, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const setKafkaPasswords = (password: string) =>
  kafka.setPasswords(Object.fromEntries(entries.map(({ consumerGroup }) => [consumerGroup, password])));
const setMongoPassword = (service: ServiceEntry, password: string) =>
  mongo.setUser(service.name, password, roles.get(service.name)!);

/** The environment of the container in the rendered chart, with this machine's addresses and paths. */
function environmentOf(
  chart: readonly KubeObject[],
  { name, consumerGroup }: ServiceEntry,
  port: number,
): NodeJS.ProcessEnv {
  const { env } = only(chart, 'Deployment', name)['spec'].template.spec.containers[0];
  const rendered = Object.fromEntries(
    (env as { name: string; value?: string }[]).map((each) => [each.name, each.value]),
  );
  const placed = (variable: string): string => secret(name, rendered[variable]!.replace('/etc/order-pipeline/', ''));
  return {
    ...process.env,
    ...rendered,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    INSTANCE_ID: name,
    KAFKA_USERNAME: consumerGroup,
    KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
    ...Object.fromEntries(
      ['KAFKA_CA_FILE', 'KAFKA_PASSWORD_FILE', 'MONGODB_URI_FILE', 'MONGODB_CA_FILE'].map((variable) => [
        variable,
        placed(variable),
      ]),
    ),
  };
}

beforeAll(async () => {
  const [umbrella, overlay] = await Promise.all(
    [renderChart('order-pipeline'), renderOverlay('kind')].map(async (yaml) => objectsOf(await yaml)),
  );
  const authority = createAuthority(join(dir, 'authority'));
  certificate = authority.certificate;
  [kafka, mongo] = await Promise.all([
    startSecuredKafka(join(dir, 'kafka'), authority),
    startSecuredMongo(join(dir, 'mongo'), authority),
  ]);
  await ensureTopics(kafka.superUser);
  const users = only(overlay!, 'MongoDBCommunity')['spec'].users as { name: string; roles: Role[] }[];
  roles = new Map(users.map(({ name, roles }) => [name, roles]));
  await setKafkaPasswords('first');
  const tools = only(overlay!, 'KafkaUser', 'tools')['spec'].authorization.acls;
  await kafka.setPasswords({ tools: 'of-the-tools' });
  await kafka.grant('tools', tools);
  await mongo.setUser('tools', 'of-the-tools', roles.get('tools')!);
  for (const service of entries) {
    await kafka.grant(
      service.consumerGroup,
      only(umbrella!, 'KafkaUser', service.consumerGroup)['spec'].authorization.acls,
    );
    await setMongoPassword(service, 'first');
    writeSecret(service.name, 'kafka-ca/ca.crt', certificate);
    writeSecret(service.name, 'kafka-user/password', 'first');
    writeSecret(service.name, 'mongodb-ca/ca.crt', certificate);
    writeSecret(service.name, 'mongodb/uri', mongo.uri(service.name, 'first'));
    const port = await freePort();
    replicas.set(
      service.name,
      new Replica({
        service: service.name as ServiceName,
        number: 1,
        port,
        colour: 0,
        env: environmentOf(umbrella!, service, port),
        main: `services/${service.name}/src/main.ts`,
        output: { logDir: join(dir, 'logs') },
        restart: false,
        print: () => {},
      }),
    );
  }
  await Promise.all([...replicas.values()].map((replica) => replica.start()));
  for (const { product_id, price } of articleOrder.items) {
    const response = await putJson(`${replicas.get('inventory')!.url}/inventory/${product_id}`, {
      quantity: 100_000,
      price,
    });
    if (response.status !== 200) throw new Error(`PUT /inventory returns ${response.status}`);
  }
}, setUpLimitMs);

afterAll(async () => {
  await Promise.all([...replicas.values()].map((replica) => replica.stop()));
  await Promise.all([kafka?.stop(), mongo?.stop()]);
  rmSync(dir, { recursive: true, force: true });
}, setUpLimitMs);

const orders = (): string => `${replicas.get('order')!.url}/orders`;

function untilShipped(orderId: string, limitMs = 120_000): Promise<void> {
  return eventually(async () => {
    const { body } = await getJson(`${orders()}/${orderId}`);
    expect(body.status).toBe('SHIPPED');
  }, limitMs);
}

/** Places orders, one after the other, until the signal; returns those that were accepted. */
async function placeOrdersUntil(signal: AbortSignal): Promise<string[]> {
  const accepted: string[] = [];
  while (!signal.aborted) {
    const response = await postJson(orders(), articleOrder).catch(() => undefined);
    if (response?.status === 201) accepted.push(response.body.order_id);
    else if (response && response.status !== 503) throw new Error(`POST /orders returns ${response.status}`);
    await pause(50);
  }
  return accepted;
}

describe('with the rights of the charts', () => {
  test(
    "the article's order ships",
    async () => {
      const { status, body } = await postJson(orders(), articleOrder);
      expect(status).toBe(201);
      await untilShipped(body.order_id);
    },
    testLimitMs,
  );

  test.each(entries.map(({ name }) => [name]))(
    "%s can neither write nor read another service's topics",
    async (name) => {
      const service = entries.find((entry) => entry.name === name)!;
      const client = createKafka(
        {
          brokers: [kafka.bootstrapServers],
          clientId: 'intruder',
          tls: { ca: () => certificate },
          login: { mechanism: 'scram-sha-512', username: service.consumerGroup, password: () => 'first' },
        },
        quietLogger,
      );
      const producer = client.producer({ retry: { retries: 0 } });
      await producer.connect();
      const foreign = entries.find((entry) => entry.name !== name)!.produces[0]!;
      await expect(producer.send({ topic: foreign, messages: [{ value: '{}' }] })).rejects.toThrow(/not authorized/i);
      await producer.disconnect();
      const admin = client.admin({ retry: { retries: 0 } });
      await admin.connect();
      const others = entries.filter((entry) => entry.name !== name).map(({ consumerGroup }) => `${consumerGroup}.dlq`);
      for (const topic of others) await expect(admin.fetchTopicOffsets(topic)).rejects.toThrow(/not authorized/i);
      await admin.disconnect();
    },
    testLimitMs,
  );

  test.each(entries.map(({ name }) => [name]))(
    "%s can neither read nor write another service's database",
    async (name) => {
      const client = new MongoClient(mongo.uri(name, 'first'), { ca: certificate } as object);
      for (const { database } of entries.filter((entry) => entry.name !== name)) {
        await expect(client.db(database).collection('orders').findOne()).rejects.toThrow(/not authorized/);
        await expect(client.db(database).collection('orders').insertOne({})).rejects.toThrow(/not authorized/);
      }
      await client.close();
    },
    testLimitMs,
  );
});

describe('running processes under load', () => {
  test(
    'reload Kafka credentials, even if these arrive after the broker has closed every connection',
    async () => {
      const pids = [...replicas.values()].map(({ pid }) => pid);
      const end = new AbortController();
      const placing = placeOrdersUntil(end.signal);
      await setKafkaPasswords('second');
      // New connections use a password that is no longer valid.
      await kafka.kill();
      await kafka.start();
      await pause(3_000);
      for (const { name } of entries) writeSecret(name, 'kafka-user/password', 'second');
      await pause(3_000);
      end.abort();
      const accepted = await placing;
      expect(accepted.length).toBeGreaterThan(10);
      await Promise.all(accepted.map((orderId) => untilShipped(orderId)));
      expect([...replicas.values()].map(({ pid }) => pid)).toEqual(pids);
    },
    testLimitMs,
  );

  test(
    'reload MongoDB credentials, and wait for those that arrive late',
    async () => {
      const pids = [...replicas.values()].map(({ pid }) => pid);
      const end = new AbortController();
      const placing = placeOrdersUntil(end.signal);
      for (const service of entries) await setMongoPassword(service, 'second');
      await mongo.kill();
      await mongo.start();
      await pause(3_000);
      for (const { name } of entries) writeSecret(name, 'mongodb/uri', mongo.uri(name, 'second'));
      await Promise.all([...replicas.values()].map((replica) => replica.ready()));
      const before = performance.now();
      await eventually(async () => expect((await postJson(orders(), articleOrder)).status).toBe(201), 60_000);
      expect(performance.now() - before).toBeLessThan(60_000);
      end.abort();
      const accepted = await placing;
      expect(accepted.length).toBeGreaterThan(0);
      await Promise.all(accepted.map((orderId) => untilShipped(orderId)));
      expect([...replicas.values()].map(({ pid }) => pid)).toEqual(pids);
    },
    testLimitMs,
  );
});

test(
  'the auditor, with the rights of the tools, finds that nothing was lost or duplicated',
  async () => {
    writeSecret('tools', 'ca.crt', certificate);
    writeSecret('tools', 'password', 'of-the-tools');
    const env = {
      KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
      KAFKA_CA_FILE: secret('tools', 'ca.crt'),
      KAFKA_PASSWORD_FILE: secret('tools', 'password'),
      MONGODB_URI: mongo.uri('tools', 'of-the-tools'),
      MONGODB_CA_FILE: secret('tools', 'ca.crt'),
    };
    const lines: string[] = [];
    const terminal = {
      env,
      print: (line: string) => void lines.push(line),
      note: () => {},
      signal: new AbortController().signal,
    };
    const code = await auditTool(['--younger-than', '0s', '--recheck-after', '3s'], terminal);
    expect({ code, lines }).toMatchObject({ code: 0 });
  },
  testLimitMs,
);
