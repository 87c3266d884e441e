import { expect, test } from '@jest/globals';
import { OutageError } from '@order-pipeline/resilience';
import { healthOf, isAlive, type ConsumerHealth, type ConsumerObservation } from './consumer-health.ts';

const well: ConsumerObservation = {
  consumerGroup: 'payment-service',
  fatal: undefined,
  membership: 'member',
  outage: undefined,
  silentMs: 0,
};
const outage = new OutageError('mongodb', new Error('no primary'));
const fatal = new Error('kafkajs gave up');

test.each<[Partial<ConsumerObservation>, ConsumerHealth]>([
  [{}, { status: 'up' }],
  [{ silentMs: 5_000 }, { status: 'up' }],
  [{ silentMs: 5_001 }, { status: 'degraded', detail: 'Kafka does not respond' }],
  [{ membership: 'never joined' }, { status: 'starting', detail: 'joining the consumer group payment-service' }],
  [{ membership: 'disconnected' }, { status: 'degraded', detail: 'Kafka is unreachable' }],
  [
    { outage, silentMs: 10_000 },
    { status: 'degraded', detail: 'mongodb unavailable: no primary' },
  ],
  [
    { outage, membership: 'disconnected' },
    { status: 'degraded', detail: 'mongodb unavailable: no primary' },
  ],
  [
    { fatal, outage, membership: 'never joined' },
    { status: 'down', detail: 'kafkajs gave up' },
  ],
])('%j gives %j', (change, health) => {
  expect(healthOf({ ...well, ...change })).toEqual(health);
});

test.each<[Partial<ConsumerObservation>, boolean]>([
  [{}, true],
  [{ silentMs: 119_999 }, true],
  [{ silentMs: 120_000 }, false],
  [{ fatal }, false],
])('%j is alive: %s', (change, alive) => {
  expect(isAlive({ ...well, ...change })).toBe(alive);
});
