/** Promise 7: an outage is waited out, however long. The group is kept, nothing is skipped, nothing dead-lettered. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createGroupLagReader, type GroupLagReader, type Handler } from '@order-pipeline/kafka';
import { OutageError } from '@order-pipeline/resilience';
import { useOwnKafka } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { committedLag, deadLetters } from '../support/kafka-reader.ts';
import { inputTopic, newInputs, orderIds, topicsFor, useMembers, type Member } from '../support/members.ts';

const kafka = useOwnKafka(topicsFor('patient', 'interrupted', 'leaving'));
const members = useMembers(kafka);

const lagOf = (group: string): Promise<number> => committedLag(kafka.client, group, [inputTopic]);
const toldLagOf = async ({ metrics }: Member): Promise<number> =>
  (await metrics.lag.get()).values.reduce((sum, { value }) => sum + value, 0);
const joinsOf = async ({ metrics }: Member): Promise<number> => (await metrics.rebalances.get()).values[0]!.value;

let lagReader: GroupLagReader;
beforeAll(() => void (lagReader = createGroupLagReader(kafka.client)));
afterAll(() => lagReader.stop());

test('while a dependency is away longer than the session time-out, the member keeps its place and its events', async () => {
  const group = 'patient';
  const awayMs = 8_000;
  const inputs = newInputs(40);
  await members.publisher.publish(inputs);
  const waiting = await lagOf(group);
  const done = new Set<string>();
  let backAt = Infinity;
  let tries = 0;
  const handler: Handler = async (events) => {
    tries += 1;
    if (backAt === Infinity) backAt = performance.now() + awayMs;
    if (performance.now() < backAt) throw new OutageError('mongodb', new Error('no primary'));
    for (const { event } of events) done.add(event.data.order_id);
    return [];
  };
  const settings = { sessionTimeoutMs: 6_000, lagEveryMs: 200 };
  const member = members.start({ group, handler, lagReader, settings });
  await eventually(async () => {
    expect(member.health()).toEqual({ status: 'degraded', detail: 'mongodb is away: no primary' });
    expect((await member.metrics.inOutage.get()).values[0]!.value).toBe(1);
  });
  expect(member.isAlive()).toBe(true);
  const joins = await joinsOf(member);
  expect(await lagOf(group)).toBe(waiting);

  // What comes meanwhile is fetched by nobody, and the metric knows of it all the same.
  const more = newInputs(25);
  await members.publisher.publish(more);
  await eventually(async () => expect(await toldLagOf(member)).toBe(waiting + more.length), 5_000);
  expect(performance.now()).toBeLessThan(backAt);

  await eventually(async () => expect(await lagOf(group)).toBe(0));
  expect(performance.now()).toBeGreaterThan(backAt);
  expect(tries).toBeGreaterThan(3);
  expect(done).toEqual(new Set(orderIds([...inputs, ...more])));
  await eventually(async () => expect(await toldLagOf(member)).toBe(0));
  expect(await joinsOf(member)).toBe(joins);
  expect(member.health()).toEqual({ status: 'up' });
  expect((await member.metrics.inOutage.get()).values[0]!.value).toBe(0);
  expect(await deadLetters(kafka.client, group)).toEqual([]);
});

test('a member that is stopped during an outage does not wait for its end, and commits nothing', async () => {
  const group = 'leaving';
  await members.skipToEnd(group);
  const inputs = newInputs(10);
  await members.publisher.publish(inputs);
  const member = members.start({
    group,
    handler: () => Promise.reject(new OutageError('mongodb', new Error('no primary'))),
  });
  await eventually(() => expect(member.health().status).toBe('degraded'));
  const begunAt = performance.now();
  await member.stop();
  expect(performance.now() - begunAt).toBeLessThan(5_000);
  expect(await lagOf(group)).toBe(inputs.length);
  expect(await deadLetters(kafka.client, group)).toEqual([]);
});

test('the broker is killed and comes back: publishing says so, and the member goes on by itself', async () => {
  const group = 'interrupted';
  await members.skipToEnd(group);
  const seen = new Set<string>();
  const member = members.start({
    group,
    handler: async (events) => {
      for (const { event } of events) seen.add(event.data.order_id);
      return [];
    },
  });
  const before = newInputs(20);
  await members.publisher.publish(before);
  await eventually(() => expect(seen.size).toBe(20));

  await kafka.engine.kill();
  const [during] = newInputs(1);
  await expect(members.publisher.publish([during!])).rejects.toMatchObject({ outage: true, dependency: 'kafka' });
  await eventually(() => expect(member.health()).toMatchObject({ status: 'degraded' }));
  expect((await member.metrics.inOutage.get()).values[0]!.value).toBe(1);
  expect(member.isAlive()).toBe(true);
  await kafka.engine.start();

  const after = newInputs(20);
  await eventually(() => members.publisher.publish(after));
  await eventually(() => expect([...seen]).toEqual(expect.arrayContaining(orderIds([...before, ...after]))), 60_000);
  await eventually(async () => expect(await lagOf(group)).toBe(0));
  expect(member.health()).toEqual({ status: 'up' });
  expect(member.fatal).toEqual([]);
  expect(await deadLetters(kafka.client, group)).toEqual([]);
});
