import { createRequire } from 'node:module';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { quietLogger } from '@order-pipeline/resilience';
import { createKafka } from './client.ts';
import { builtInAuthenticator, createKafkajsCluster, patchKafkajs } from './kafkajs-internals.ts';

interface Queue {
  readonly throttleCheckTimeoutId: unknown;
  readonly inflight: Map<number, unknown>;
  push(request: object): void;
  fulfillRequest(response: object): void;
  maybeThrottle(ms: number): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
patchKafkajs();

const opened: Queue[] = [];
const open = (options: object = {}): Queue => {
  const queue = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    enforceRequestTimeout: true,
    clientId: 'test',
    broker: 'broker:9092',
    logger: quietLogger,
    ...options,
  });
  opened.push(queue);
  return queue;
};
function push(queue: Queue, correlationId: number, onTimeout: (error: Error) => void = () => {}): boolean[] {
  const sent: boolean[] = [];
  queue.push({
    entry: { correlationId, apiKey: 0, apiName: 'Test', apiVersion: 0, resolve: () => {}, reject: onTimeout },
    expectResponse: true,
    sendRequest: () => void sent.push(true),
  });
  return sent;
}

afterEach(() => {
  for (const queue of opened.splice(0)) queue.destroy();
  jest.useRealTimers();
});

test('pins the version whose private parts are changed', () => {
  expect((require('kafkajs/package.json') as { version: string }).version).toBe('2.2.4');
});

test('arms no timer after a response while no request waits', () => {
  const queue = open();
  push(queue, 1);
  queue.fulfillRequest({ correlationId: 1, payload: {}, size: 0 });
  expect(queue.inflight.size).toBe(0);
  expect(queue.throttleCheckTimeoutId).toBeNull();
});

test('sends a request that waited for one in flight, and arms no timer afterwards', () => {
  jest.useFakeTimers();
  const queue = open();
  push(queue, 1);
  const second = push(queue, 2);
  expect(second).toEqual([]);
  queue.fulfillRequest({ correlationId: 1, payload: {}, size: 0 });
  expect(second).toEqual([true]);
  queue.fulfillRequest({ correlationId: 2, payload: {}, size: 0 });
  jest.advanceTimersByTime(60_000);
  expect(queue.throttleCheckTimeoutId).toBeNull();
  expect(jest.getTimerCount()).toBe(0);
});

test('sends what a throttled client holds back once the throttling ends', () => {
  jest.useFakeTimers();
  const queue = open();
  queue.maybeThrottle(500);
  const sent = push(queue, 1);
  jest.advanceTimersByTime(499);
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(20);
  expect(sent).toEqual([true]);
});

test('rejects a request that gets no response within its time-out', () => {
  jest.useFakeTimers();
  const queue = open();
  queue.scheduleRequestTimeoutCheck();
  const timeouts: string[] = [];
  push(queue, 1, (error) => timeouts.push(error.name));
  jest.advanceTimersByTime(1_000);
  expect(timeouts).toEqual([]);
  jest.advanceTimersByTime(1_001);
  expect(timeouts).toEqual(['KafkaJSRequestTimeoutError']);
});

test('ends the time-out checks of a closed connection', () => {
  jest.useFakeTimers();
  const queue = open({ isConnected: () => false });
  queue.scheduleRequestTimeoutCheck();
  jest.advanceTimersByTime(1_000);
  expect(jest.getTimerCount()).toBe(0);
});

describe('a login by a mechanism of kafkajs itself', () => {
  const errors = require('kafkajs/src/errors') as Record<string, unknown>;

  test.each([
    ['plain', (text: string) => text === '\0ada\0secret'],
    ['scram-sha-256', (text: string) => text.startsWith('n,,n=ada,r=')],
    ['scram-sha-512', (text: string) => text.startsWith('n,,n=ada,r=')],
  ] as const)('%s sends the credentials as its standard says', async (mechanism, isFirstMessage) => {
    const sent: string[] = [];
    const refused = new Error('refused');
    const authenticator = builtInAuthenticator(
      mechanism,
      { username: 'ada', password: 'secret' },
      {
        host: 'broker',
        port: 9092,
        logger: quietLogger as never,
        async saslAuthenticate({ request }) {
          const encoded = (await request.encode()) as Buffer;
          sent.push(encoded.subarray(4).toString());
          throw refused;
        },
      },
    );
    await expect(authenticator.authenticate()).rejects.toBeInstanceOf(errors['KafkaJSSASLAuthenticationError']);
    expect(sent).toHaveLength(1);
    expect(isFirstMessage(sent[0]!)).toBe(true);
  });
});

test('the cluster below the admin client has the methods that the operator calls', async () => {
  const cluster = createKafkajsCluster(
    createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test' }, quietLogger),
    60_000,
  );
  expect(cluster.targetTopics).toBeInstanceOf(Set);
  const methods = [
    'connect',
    'disconnect',
    'refreshMetadata',
    'refreshMetadataIfNecessary',
    'findTopicPartitionMetadata',
    'fetchTopicsOffset',
    'findGroupCoordinator',
  ] as const;
  expect(methods.filter((method) => typeof cluster[method] !== 'function')).toEqual([]);
  const { prototype: broker } = require('kafkajs/src/broker') as { prototype: Record<string, unknown> };
  expect(['offsetFetch', 'describeGroups'].filter((method) => typeof broker[method] !== 'function')).toEqual([]);
  await expect(cluster.connect()).rejects.toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' });
});
