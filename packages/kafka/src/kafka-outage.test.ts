import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { sampleEvents } from '@order-pipeline/events';
import { isOutage, OutageError, quietLogger } from '@order-pipeline/resilience';
import {
  createGroupLagReader,
  createGroupObserver,
  createKafka,
  createMessagingMetrics,
  createOnDemandAdmin,
  createPublisher,
  ensureTopics,
  rangesOf,
  readRanges,
  readResolutions,
} from './index.ts';
import { kafkaOutage } from './kafka-outage.ts';

/** Nothing listens there: connections are refused at once. */
const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test' }, quietLogger);
const admin = kafka.admin();
const publisher = createPublisher(kafka, createMessagingMetrics(new Registry()));
const observer = createGroupObserver(kafka);
const reader = { kafka, admin, groupPrefix: 'test' };
const limitMs = 30_000;

describe('without a reachable broker', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['starting a publisher', () => publisher.start()],
    ['publishing', () => publisher.publish([sampleEvents().placed])],
    ['reading the lag of a group', () => createGroupLagReader(kafka).lagOf('payment-service', 'order_placed')],
    ['describing groups', () => observer.groups(['payment-service'])],
    ['reading committed offsets', () => observer.committed('payment-service', ['order_placed'])],
    ['describing the cluster', () => observer.brokers()],
    ['asking an admin', () => createOnDemandAdmin(kafka).ask((connected) => connected.listTopics())],
    ['creating topics', () => ensureTopics(kafka)],
    ['reading what a topic holds', () => rangesOf(reader, ['order_placed'])],
    ['reading a topic', () => readRanges(reader, [{ topic: 't', partition: 0, from: 0n, to: 1n }], async () => {})],
    ['reading resolutions', () => readResolutions(reader, ['payment-service'])],
  ])(
    '%s rejects with an OutageError of Kafka',
    async (_, act) => {
      const error: unknown = await act().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ outage: true, dependency: 'kafka' });
      expect(isOutage(error)).toBe(true);
    },
    limitMs,
  );
});

test('an outage is not wrapped again', () => {
  const outage = new OutageError('kafka', new Error('no leader'));
  expect(kafkaOutage(outage)).toBe(outage);
});

test('a topic that is missing is an outage, whose message is a sentence', async () => {
  const listing = { ...reader, admin: { ...admin, listTopics: async () => ['order_cancelled'] } };
  const error: unknown = await rangesOf(listing, ['order_placed', 'order_cancelled']).catch(
    (thrown: unknown) => thrown,
  );
  expect(isOutage(error)).toBe(true);
  expect((error as Error).message).toBe(
    'Kafka has no topic order_placed; npm start creates them, and so do the manifests.',
  );
});
