/** Guarantee 3: an offset is committed only after the effect is durable and its outcome acknowledged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { withSimulatedWork, type Handler } from '@order-pipeline/kafka';
import { useKafka } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { committedLag, committedOffsets, header, readTopic } from '../support/kafka-reader.ts';
import { inputTopic, newInputs, orderIds, outcomeOf, outcomeTopic, topicsFor, useMembers } from '../support/members.ts';

const groups = ['gated', 'killed', 'stopped', 'shared', 'slow', 'late'];
const kafka = useKafka(topicsFor(...groups));
const members = useMembers(kafka);
const testLimitMs = 60_000;

const lagOf = (group: string): Promise<number> => committedLag(kafka.client, group, [inputTopic]);
const untilCaughtUp = (group: string): Promise<void> =>
  eventually(async () => expect(await lagOf(group)).toBe(0), testLimitMs);

/** Records the orders that it receives, and has no other effect. */
const recording =
  (seen: string[]): Handler =>
  async (events) => {
    seen.push(...events.map(({ event }) => event.data.order_id));
    return [];
  };

test('a new group receives the events that were published before it joined', async () => {
  const inputs = newInputs(20);
  await members.publisher.publish(inputs);
  const seen: string[] = [];
  members.start({ group: 'late', handler: recording(seen) });
  await eventually(() => expect(new Set(seen)).toEqual(new Set(orderIds(inputs))));
});

test('publish() returns the partition and offset of each event', async () => {
  const events = newInputs(50).flatMap((input) => [input, outcomeOf(input.data.order_id)]);
  const offsets = await members.publisher.publish(events);
  for (const topic of [inputTopic, outcomeTopic] as const) {
    const returned = events.flatMap((event, index) =>
      event.type === topic ? [{ order: event.data.order_id, ...offsets[index]! }] : [],
    );
    const records = await readTopic(kafka.client, topic);
    const found = records.map(({ partition, message }) => ({
      order: header(message, 'ce_subject'),
      partition,
      offset: message.offset,
    }));
    expect(found).toEqual(expect.arrayContaining(returned));
  }
});

test('commits no offset before the handler returns and its outcomes are acknowledged', async () => {
  const group = 'gated';
  await members.skipToEnd(group);
  const inputs = newInputs(10);
  await members.publisher.publish(inputs);

  const handling = Promise.withResolvers<void>();
  const sending = Promise.withResolvers<void>();
  const stage = { handled: 0, toSend: 0 };
  members.start({
    group,
    handler: async (events) => {
      stage.handled += events.length;
      await handling.promise;
      return events.map(({ event }) => outcomeOf(event.data.order_id));
    },
    publisher: (own) => ({
      async send(records) {
        stage.toSend += records.length;
        await sending.promise;
        return own.send(records);
      },
    }),
  });
  await eventually(() => expect(stage.handled).toBeGreaterThan(0));
  expect(await lagOf(group)).toBe(inputs.length);
  handling.resolve();
  await eventually(() => expect(stage.toSend).toBeGreaterThan(0));
  expect(await lagOf(group)).toBe(inputs.length);
  sending.resolve();

  await untilCaughtUp(group);
  const outcomes = (await readTopic(kafka.client, outcomeTopic)).map(({ message }) => message.key?.toString());
  expect(outcomes).toEqual(expect.arrayContaining(orderIds(inputs)));
});

test(
  'redelivers to the next member what a killed member was processing',
  async () => {
    const group = 'killed';
    await members.skipToEnd(group);
    const inputs = newInputs(30);
    await members.publisher.publish(inputs);
    const script = fileURLToPath(new URL('../support/member-process.ts', import.meta.url));
    const victim = spawn(process.execPath, [script, kafka.bootstrapServers, group], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(victim.stdout, 'data')) as [Buffer];
    const inFlight = JSON.parse(line.toString().split('\n')[0]!) as string[];
    expect(inFlight.length).toBeGreaterThan(0);
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    expect(await lagOf(group)).toBe(inputs.length);

    const seen: string[] = [];
    members.start({ group, handler: recording(seen) });
    await untilCaughtUp(group);
    expect(seen.toSorted()).toEqual(orderIds(inputs).toSorted());
    expect(seen).toEqual(expect.arrayContaining(inFlight));
  },
  testLimitMs,
);

test('stop() finishes the batch in flight, commits it and leaves the group', async () => {
  const group = 'stopped';
  await members.skipToEnd(group);
  await members.publisher.publish(newInputs(200));
  const working = Promise.withResolvers<void>();
  let handled = 0;
  const member = members.start({
    group,
    handler: async (events) => {
      handled += events.length;
      await working.promise;
      return [];
    },
  });
  await eventually(() => expect(handled).toBeGreaterThan(0));
  const before = handled;
  let stopped = false;
  const stopping = member.stop().then(() => (stopped = true));
  await untilMembers(group, 1);
  expect(stopped).toBe(false);
  working.resolve();
  await stopping;

  expect(handled).toBe(before);
  expect(200 - (await lagOf(group))).toBe(handled);
  await untilMembers(group, 0);
  expect(member.fatal).toEqual([]);
});

test('two members share the partitions, and each event goes to one of them', async () => {
  const group = 'shared';
  await members.skipToEnd(group);
  const seen: string[][] = [[], []];
  seen.forEach((each) => members.start({ group, handler: recording(each) }));
  await untilMembers(group, 2);
  // A partition may move while members join; only what is published afterwards counts.
  await eventually(async () => {
    await members.publisher.publish(newInputs(10));
    expect(seen.map((each) => each.length > 0)).toEqual([true, true]);
  });
  await untilCaughtUp(group);
  const inputs = newInputs(100);
  await members.publisher.publish(inputs);
  await untilCaughtUp(group);
  const ids = new Set(orderIds(inputs));
  const shares = seen.map((each) => each.filter((id) => ids.has(id)));
  expect(shares.flat().toSorted()).toEqual([...ids].toSorted());
  expect(Math.min(...shares.map((each) => each.length))).toBeGreaterThan(0);
});

test(
  'commits after at most a second of work, from the first batch on',
  async () => {
    const group = 'slow';
    await members.skipToEnd(group);
    const workMs = 200;
    await members.publisher.publish(newInputs(12));
    const batches: { size: number; committed: number }[] = [];
    const committed = async (): Promise<number> =>
      [...(await committedOffsets(kafka.client, group, [inputTopic])).values()].reduce(
        (sum, offset) => sum + offset,
        0,
      );
    const start = await committed();
    const recordBatch: Handler = async (events) => {
      batches.push({ size: events.length, committed: (await committed()) - start });
      return [];
    };
    members.start({ group, handler: withSimulatedWork({ workMs, concurrency: 1 }, recordBatch) });
    await untilCaughtUp(group);
    expect(Math.max(...batches.map(({ size }) => size * workMs))).toBeLessThanOrEqual(1_000);
    // When a batch starts, those before it are committed.
    let done = 0;
    for (const { size, committed } of batches) {
      expect(committed).toBe(done);
      done += size;
    }
  },
  testLimitMs,
);

async function untilMembers(group: string, count: number): Promise<void> {
  const admin = kafka.client.admin();
  await admin.connect();
  try {
    await eventually(async () => {
      const { groups } = await admin.describeGroups([group]);
      expect(groups[0]!.members).toHaveLength(count);
    });
  } finally {
    await admin.disconnect();
  }
}
