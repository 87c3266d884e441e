import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { joinGroup } from './membership.ts';

/** What kafkajs' consumer says and is told, without a broker: only it decides which crash is its last. */
function consumerThatCrashes() {
  const events = new EventEmitter();
  const told: string[] = [];
  const tell = (what: string) => async () => void told.push(what);
  const consumer = {
    on: events.on.bind(events),
    connect: tell('connect'),
    subscribe: tell('subscribe'),
    run: tell('run'),
    disconnect: tell('disconnect'),
  };
  const fatal: Error[] = [];
  const membership = joinGroup({
    kafka: { consumer: () => consumer } as unknown as Kafka,
    consumerGroup: 'group',
    topics: ['topic'],
    sessionTimeoutMs: 6_000,
    joinBackoff: { firstMs: 10, maxMs: 20 },
    eachBatch: async () => {},
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    onSignOfLife() {},
    onJoin() {},
    onFatal: (error) => void fatal.push(error),
  });
  return {
    membership,
    told,
    fatal,
    join: () => events.emit('consumer.group_join', { payload: { memberAssignment: {} } }),
    crash: (error: Error, restart: boolean) => events.emit('consumer.crash', { payload: { error, restart } }),
  };
}

const named = (name: string, cause?: Error): Error => Object.assign(new Error(name, { cause }), { name });
const beginning = ['connect', 'subscribe', 'run'];
const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a member that finds no coordinator, because no broker answers, waits and joins again', async () => {
  const { membership, told, fatal, join, crash } = consumerThatCrashes();
  await turn();
  join();
  expect({ told, state: membership.state() }).toEqual({ told: beginning, state: 'member' });
  crash(named('KafkaJSNonRetriableError', named('KafkaJSGroupCoordinatorNotFound')), false);
  expect(membership.state()).toBe('away');
  await turn(700);
  expect({ told, fatal }).toEqual({ told: [...beginning, ...beginning], fatal: [] });
  join();
  expect(membership.state()).toBe('member');
  await membership.leave();
});

test('a member that is told to leave meanwhile does not join again', async () => {
  const { membership, told, crash } = consumerThatCrashes();
  await turn();
  crash(named('KafkaJSGroupCoordinatorNotFound'), false);
  await membership.leave();
  await turn(700);
  expect(told).toEqual([...beginning, 'disconnect']);
});

test('a crash that kafkajs recovers from is left to it, and one that nobody can is fatal', async () => {
  const { told, fatal, crash } = consumerThatCrashes();
  await turn();
  crash(named('KafkaJSNumberOfRetriesExceeded'), true);
  const error = named('KafkaJSNotImplemented');
  crash(error, false);
  await turn(700);
  expect({ told, fatal }).toEqual({ told: beginning, fatal: [error] });
});
