/**
 * The steps have one sequence, whichever replica writes them: a follower receives each step once, in order and without a
 * gap, also while replicas write concurrently, when the follower is slow, and when it reconnects.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createMongo, type Mongo } from '@order-pipeline/mongo';
import { quietLogger } from '@order-pipeline/resilience';
import { StepFeed } from '../../services/dashboard/src/step-feed.ts';
import { createStepRepository, type StepRepository } from '../../services/dashboard/src/step-repository.ts';
import type { NewStep } from '../../services/dashboard/src/step.ts';
import { useMongo } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';

const mongo = useMongo();
const clients: Mongo[] = [];
const stopping = new AbortController();

beforeAll(async () => {
  for (let replica = 0; replica < 2; replica += 1) {
    const client = createMongo(mongo.uri, 'dashboard_db', quietLogger);
    await client.start();
    clients.push(client);
  }
});
afterAll(async () => {
  stopping.abort();
  await Promise.all(clients.map((client) => client.stop()));
});

/** Two replicas of the dashboard, on an empty database. */
async function replicas(maxSteps = 1_000_000): Promise<[StepRepository, StepRepository]> {
  await clients[0]!.db.dropDatabase();
  const [one, other] = clients.map((client) => createStepRepository(client, { maxSteps }));
  await one!.createIndexes();
  return [one!, other!];
}

const stepsOf = (from: number, count: number): NewStep[] =>
  Array.from({ length: count }, (_, index) => ({
    _id: `order-${from + index}:order_placed:PENDING`,
    order_id: `order-${from + index}`,
    type: 'order_placed',
    partition: 0,
    offset: from + index,
    time: new Date(),
    seen_at: new Date(),
    data: { status: 'PENDING' } as NewStep['data'],
  }));

const batchSize = 20;
const batches = 60;

test('concurrent writes of two replicas leave no gap and no duplicate for a concurrent reader', async () => {
  const [one, other] = await replicas();
  let writing = true;
  // After a rebalance both process the same events: the second replica also gets every third batch of the first.
  const write = async (repository: StepRepository, first: number): Promise<void> => {
    for (let batch = 0; batch < batches; batch += 1) {
      const from = first === 0 || batch % 3 > 0 ? first + batch * batchSize : batch * batchSize;
      await repository.append(stepsOf(from, batchSize));
    }
  };
  const written = Promise.all([write(one, 0), write(other, 100_000)]).finally(() => (writing = false));

  const seen: { seq: number; id: string }[] = [];
  for (let last = 0, more = true; more;) {
    more = writing;
    const steps = await one.readAfter(last, 1_000);
    seen.push(...steps.map(({ seq, _id }) => ({ seq, id: _id })));
    last = steps.at(-1)?.seq ?? last;
    more ||= steps.length > 0;
    await pause(1);
  }
  await written;
  const total = batches * batchSize + ((batches * 2) / 3) * batchSize;
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  expect(new Set(seen.map(({ id }) => id)).size).toBe(total);
  expect(await other.newest()).toBe(total);
});

test('a redelivered batch changes nothing', async () => {
  const [one, other] = await replicas();
  await one.append(stepsOf(0, 10));
  await other.append([...stepsOf(5, 10), ...stepsOf(5, 10)]);
  await other.append(stepsOf(0, 15));
  const steps = await one.readAfter(0, 100);
  expect(steps.map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  expect(steps.map(({ offset }) => offset)).toEqual(Array.from({ length: 15 }, (_, index) => index));
});

test('the oldest steps are deleted beyond the limit', async () => {
  const [one] = await replicas(1_000);
  for (let batch = 0; batch < 10; batch += 1) await one.append(stepsOf(batch * 200, 200));
  await eventually(async () => expect([await one.oldest(), await one.newest()]).toEqual([1_001, 2_000]));
});

describe('the feed', () => {
  /** Follows until the step of that number arrives; returns the numbers in the order of arrival. */
  async function follow(messages: AsyncGenerator<string>, until: number, slowMs = 0): Promise<number[]> {
    const numbers: number[] = [];
    for await (const message of messages) {
      const [, data = '[]'] = /^event: steps$[^]*^data: (.*)$/mu.exec(message) ?? [];
      numbers.push(...(JSON.parse(data) as { seq: number }[]).map(({ seq }) => seq));
      if ((numbers.at(-1) ?? 0) >= until) break;
      await pause(slowMs);
    }
    return numbers;
  }
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  const feedOf = (repository: StepRepository) => {
    let queries = 0;
    const counting = {
      ...repository,
      readAfter: (seq: number, limit: number) => {
        queries += 1;
        return repository.readAfter(seq, limit);
      },
    };
    const feed = new StepFeed({
      repository: counting,
      logger: quietLogger,
      pollMs: 20,
      stopping: stopping.signal,
    });
    return { feed, queries: () => queries };
  };

  test('sends every step to every follower, also to one that is slow or reconnects', async () => {
    const [one, other] = await replicas();
    const total = 4_000;
    const mine = feedOf(one).feed;
    const elsewhere = feedOf(other).feed;
    const fast = follow(await mine.open(undefined), total);
    const slow = follow(await mine.open(0), total, 40);
    const untilCut = follow(await mine.open(0), 1_000);
    for (let batch = 0; batch < total / 200; batch += 1)
      await [one, other][batch % 2]!.append(stepsOf(batch * 200, 200));

    // The follower is disconnected, and reconnects to another replica with the number of its last step.
    const before = await untilCut;
    const after = follow(await elsewhere.open(before.at(-1)), total);
    expect([...before, ...(await after)]).toEqual(range(1, total));
    expect(await fast).toEqual(range(1, total));
    expect(await slow).toEqual(range(1, total));
    await eventually(() => expect([mine.followers, elsewhere.followers]).toEqual([0, 0]));
  });

  test('sends no more queries for fifty followers than for one', async () => {
    const [one, other] = await replicas();
    const { feed, queries } = feedOf(one);
    const total = 400;
    const followers = await Promise.all(Array.from({ length: 50 }, () => feed.open(0)));
    const all = Promise.all(followers.map((messages) => follow(messages, total)));
    const startedMs = performance.now();
    for (let from = 0; from < total; from += 10) {
      await other.append(stepsOf(from, 10));
      await pause(10);
    }
    for (const numbers of await all) expect(numbers).toEqual(range(1, total));
    const ticks = (performance.now() - startedMs) / 20;
    expect(queries()).toBeLessThan(2 * ticks + 50);
  });
});
