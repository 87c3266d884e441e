import { beforeEach, expect, test } from '@jest/globals';
import type { KafkaSpec } from '../kube/custom-resource.ts';
import type { KafkaAddress, KafkaCluster } from './cluster.ts';
import { KafkaConnections } from './connections.ts';
import { TestApi } from '../../test/test-api.ts';

const secretPath = '/api/v1/namespaces/shop/secrets/login';
const kafka: KafkaSpec = {
  bootstrapServers: 'a:9092, b:9092',
  tls: { enabled: true, caSecret: { name: 'login', key: 'ca.crt' } },
  sasl: { mechanism: 'scram-sha-512', username: 'scaler', passwordSecret: { name: 'login', key: 'password' } },
};
let api: TestApi;
let nowMs: number;
let connected: KafkaAddress[];
let closed: number;
let connections: KafkaConnections;
beforeEach(() => {
  api = new TestApi();
  nowMs = 0;
  connected = [];
  closed = 0;
  const connect = (address: KafkaAddress): KafkaCluster => {
    connected.push(address);
    return { reset: async () => void (closed += 1) } as KafkaCluster;
  };
  connections = new KafkaConnections(api, connect, () => nowMs);
});
const secretWith = (data: Readonly<Record<string, string>>) => {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  api.put(secretPath, { metadata: { name: 'login' }, data: Object.fromEntries(encoded) });
};
const passwords = () => connected.map(({ sasl }) => sasl?.password);

test('certificate and password are read from the Secret, without a trailing line break', async () => {
  secretWith({ 'ca.crt': 'PEM', password: 'sees-only\n' });
  await connections.readerFor('shop', kafka);
  expect(connected).toEqual([
    {
      brokers: ['a:9092', 'b:9092'],
      tls: { ca: 'PEM' },
      sasl: { mechanism: 'scram-sha-512', username: 'scaler', password: 'sees-only' },
    },
  ]);
});

test('resources with the same cluster and login share a reader, and the Secret is read once', async () => {
  secretWith({ 'ca.crt': 'PEM', password: 'one' });
  const readers = await Promise.all([1, 2, 3].map(() => connections.readerFor('shop', kafka)));
  expect(new Set(readers).size).toBe(1);
  expect(api.requests).toEqual([`GET ${secretPath}`]);
});

test('a missing Secret or key is named in the error, and used as soon as it exists', async () => {
  await expect(connections.readerFor('shop', kafka)).rejects.toThrow('secrets/login not found');
  secretWith({ 'ca.crt': 'PEM' });
  await expect(connections.readerFor('shop', kafka)).rejects.toThrow('Secret login has no key password');
  secretWith({ 'ca.crt': 'PEM', password: 'one' });
  await connections.readerFor('shop', kafka);
  expect(passwords()).toEqual(['one']);
});

test.each(['../../tenant-b/secrets/x', '..', '%2e%2e%2f', 'x?y', 'x#y', 'tenant-b/x', ''])(
  'a Secret named %j is not read, and no connection is opened',
  async (name) => {
    api.put('/api/v1/namespaces/tenant-b/secrets/x', { metadata: { name: 'x' }, data: { password: 'c2VjcmV0' } });
    const sasl = { mechanism: 'plain', username: 'scaler', passwordSecret: { name, key: 'password' } };
    const attempt = connections.readerFor('shop', { bootstrapServers: 'evil:9092', sasl });
    await expect(attempt).rejects.toThrow('is not a valid name');
    expect([api.requests, connected]).toEqual([[], []]);
  },
);

test('a property that every object inherits is not a key of a Secret', async () => {
  secretWith({ password: 'one' });
  for (const key of ['constructor', 'toString', '__proto__']) {
    const sasl = { ...kafka.sasl!, passwordSecret: { name: 'login', key } };
    const attempt = connections.readerFor('shop', { bootstrapServers: 'a:9092', sasl });
    await expect(attempt).rejects.toThrow(`Secret login has no key ${key}`);
  }
});

test('a rotated password is used within a minute, and the connection with the old one is closed', async () => {
  secretWith({ 'ca.crt': 'PEM', password: 'one' });
  await connections.readerFor('shop', kafka);
  secretWith({ 'ca.crt': 'PEM', password: 'two' });
  nowMs += 30_000;
  await connections.readerFor('shop', kafka);
  expect(passwords()).toEqual(['one']);
  nowMs += 30_001;
  await connections.readerFor('shop', kafka);
  expect([passwords(), closed]).toEqual([['one', 'two'], 0]);
  // The old connection has not been used for ten minutes.
  for (let minute = 0; minute < 11; minute++) {
    nowMs += 60_000;
    await connections.readerFor('shop', kafka);
  }
  expect(closed).toBe(1);
});

test('stop closes all connections', async () => {
  await connections.readerFor('shop', { bootstrapServers: 'a:9092' });
  await connections.readerFor('shop', { bootstrapServers: 'b:9092' });
  await connections.stop();
  expect(closed).toBe(2);
});
