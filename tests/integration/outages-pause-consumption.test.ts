/** Guarantee 7: an outage of any length pauses consumption. The member stays in its group, and no event is skipped or dead-lettered. */
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
const reportedLagOf = async ({ metrics }: Member): Promise<number> =>
  (await metrics.lag.get()).values.reduce((sum, { value }) => sum + value, 0);
const joinsOf = async ({ metrics }: Member): Promise<number> => (await metrics.rebalances.get()).values[0]!.value;

let lagReader: GroupLagReader;
beforeAll(() => void (lagReader = createGroupLagReader(kafka.client)));
afterAll(() => lagReader.stop());

test('a member keeps its assignment and its events through an outage longer than the session timeout', async () => {
  const group = 'patient';
  const outageMs = 8_000;
  const inputs = newInputs(40);
  await members.publisher.publish(inputs);
  const lagBefore = await lagOf(group);
  const processed = new Set<string>();
  let outageEndsAt = Infinity;
  let attempts = 0;
  const handler: Handler = async (events) => {
    attempts += 1;
    if (outageEndsAt === Infinity) outageEndsAt = performance.now() + outageMs;
    if (performance.now() < outageEndsAt) throw new OutageError('mongodb', new Error('no primary'));
    for (const { event } of events) processed.add(event.data.order_id);
    return [];
  };
  const settings = { sessionTimeoutMs: 6_000, lagEveryMs: 200 };
  const member = members.start({ group, handler, lagReader, settings });
  await eventually(async () => {
    expect(member.health()).toEqual({ status: 'degraded', detail: 'mongodb unavailable: no primary' });
    expect((await member.metrics.inOutage.get()).values[0]!.value).toBe(1);
  });
  expect(member.isAlive()).toBe(true);
  const joins = await joinsOf(member);
  expect(await lagOf(group)).toBe(lagBefore);

  // Nothing is fetched during the outage, and the metric still counts what is published.
  const more = newInputs(25);
  await members.publisher.publish(more);
  await eventually(async () => expect(await reportedLagOf(member)).toBe(lagBefore + more.length), 5_000);
  expect(performance.now()).toBeLessThan(outageEndsAt);

  await eventually(async () => expect(await lagOf(group)).toBe(0));
  expect(performance.now()).toBeGreaterThan(outageEndsAt);
  expect(attempts).toBeGreaterThan(3);
  expect(processed).toEqual(new Set(orderIds([...inputs, ...more])));
  await eventually(async () => expect(await reportedLagOf(member)).toBe(0));
  expect(await joinsOf(member)).toBe(joins);
  expect(member.health()).toEqual({ status: 'up' });
  expect((await member.metrics.inOutage.get()).values[0]!.value).toBe(0);
  expect(await deadLetters(kafka.client, group)).toEqual([]);
});

test('a member that is stopped during an outage stops at once and commits nothing', async () => {
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

test('a killed broker is an outage for publishers, and members continue by themselves after its restart', async () => {
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
