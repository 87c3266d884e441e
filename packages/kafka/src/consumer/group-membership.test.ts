import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { quietLogger } from '@order-pipeline/resilience';
import { GroupMembership } from './group-membership.ts';

/** kafkajs' consumer without a broker: only it decides which crash is its last. */
function consumerThatCrashes() {
  const events = new EventEmitter();
  const calls: string[] = [];
  const note = (call: string) => async () => void calls.push(call);
  const consumer = {
    on: events.on.bind(events),
    connect: note('connect'),
    subscribe: note('subscribe'),
    run: note('run'),
    disconnect: note('disconnect'),
  };
  const fatal: Error[] = [];
  const membership = new GroupMembership({
    kafka: { consumer: () => consumer } as unknown as Kafka,
    consumerGroup: 'group',
    topics: ['topic'],
    sessionTimeoutMs: 6_000,
    joinBackoff: { firstMs: 10, maxMs: 20 },
    eachBatch: async () => {},
    logger: quietLogger,
    onSignOfLife() {},
    onJoin() {},
    onFatal: (error) => void fatal.push(error),
  });
  membership.join();
  return {
    membership,
    calls,
    fatal,
    join: () => events.emit('consumer.group_join', { payload: { memberAssignment: {} } }),
    crash: (error: Error, restart: boolean) => events.emit('consumer.crash', { payload: { error, restart } }),
  };
}

const named = (name: string, cause?: Error): Error => Object.assign(new Error(name, { cause }), { name });
const beginning = ['connect', 'subscribe', 'run'];
const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a member that finds no coordinator, because no broker responds, waits and joins again', async () => {
  const { membership, calls, fatal, join, crash } = consumerThatCrashes();
  await turn();
  join();
  expect({ calls, state: membership.state }).toEqual({ calls: beginning, state: 'member' });
  crash(named('KafkaJSNonRetriableError', named('KafkaJSGroupCoordinatorNotFound')), false);
  expect(membership.state).toBe('disconnected');
  await turn(700);
  expect({ calls, fatal }).toEqual({ calls: [...beginning, ...beginning], fatal: [] });
  join();
  expect(membership.state).toBe('member');
  await membership.leave();
});

test('a member that leaves meanwhile does not join again', async () => {
  const { membership, calls, crash } = consumerThatCrashes();
  await turn();
  crash(named('KafkaJSGroupCoordinatorNotFound'), false);
  await membership.leave();
  await turn(700);
  expect(calls).toEqual([...beginning, 'disconnect']);
});

test('a crash that kafkajs recovers from is left to it, and one that it cannot recover from is fatal', async () => {
  const { calls, fatal, crash } = consumerThatCrashes();
  await turn();
  crash(named('KafkaJSNumberOfRetriesExceeded'), true);
  const error = named('KafkaJSNotImplemented');
  crash(error, false);
  await turn(700);
  expect({ calls, fatal }).toEqual({ calls: beginning, fatal: [error] });
});
