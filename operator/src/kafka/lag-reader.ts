/** Reads what groups owe. Those who ask while a read is in flight share the next one, so requests grow with brokers. */
import { setTimeout as pause } from 'node:timers/promises';
import { endsWithin, within } from '@order-pipeline/resilience';
import { readBatch, type LagRequest } from './lag-batch.ts';
import type { KafkaCluster } from './cluster.ts';
import type { KafkaReading, KafkaUnavailable } from '../decide/observation.ts';

export interface LagReader {
  /** Never throws: what could not be read is unavailable, which is not the same as no lag. */
  read(request: LagRequest): Promise<KafkaReading | KafkaUnavailable>;
  stop(): Promise<void>;
}

type Waiting = { readonly request: LagRequest; readonly answer: (reading: KafkaReading | KafkaUnavailable) => void };

const maxBatch = 1_000;
const readLimitMs = 20_000;
const stopLimitMs = 1_000;
/** Who failed alone is read alone, over connections of their own: so many at once, so that they delay nobody else. */
const suspectLanes = 3;
const maxSuspects = 10_000;
/** So many reads of a batch may fail in search of those who spoil it; who is left then is taken for one of them. */
const maxFailedReads = 20;

export function createLagReader(connect: () => KafkaCluster, now: () => number = Date.now): LagReader {
  const suspects = new Set<string>();
  const together = createLane(connect(), find);
  const alone: Lane[] = [];

  /** Reads all together, and halves what fails until it is known who is to blame: a topic that is missing, say. */
  async function find(batch: readonly Waiting[], cluster: KafkaCluster): Promise<void> {
    const parts = [batch];
    for (let part = parts.pop(), failed = 0; part !== undefined; part = parts.pop()) {
      const failure = await attempt(part, cluster, now());
      if (failure === undefined) continue;
      // With the whole cluster away each part would wait for its own time-out; the first to say so speaks for all.
      if (isAway(failure)) return refuse([...part, ...parts.flat()], failure);
      failed += 1;
      if (part.length === 1) {
        suspect(part);
        refuse(part, failure);
      } else if (failed >= maxFailedReads) {
        suspect(part);
        for (const one of part) laneOfSuspects().add(one);
      } else {
        const middle = Math.ceil(part.length / 2);
        parts.push(part.slice(middle), part.slice(0, middle));
      }
    }
  }

  async function readEach(batch: readonly Waiting[], cluster: KafkaCluster): Promise<void> {
    for (const one of batch) {
      const failure = await attempt([one], cluster, now());
      if (failure === undefined) suspects.delete(keyOf(one.request));
      else refuse([one], failure);
    }
  }

  function suspect(part: readonly Waiting[]): void {
    if (suspects.size >= maxSuspects) suspects.clear();
    for (const { request } of part) suspects.add(keyOf(request));
  }

  function laneOfSuspects(): Lane {
    const idle = alone.find((lane) => lane.load() === 0);
    if (idle === undefined && alone.length < suspectLanes) alone.push(createLane(connect(), readEach));
    return idle ?? alone.toSorted((a, b) => a.load() - b.load())[0]!;
  }

  return {
    read: (request) =>
      new Promise((answer) => {
        const lane = suspects.has(keyOf(request)) ? laneOfSuspects() : together;
        lane.add({ request, answer });
      }),
    stop: async () => void (await Promise.all([together, ...alone].map((lane) => lane.stop()))),
  };
}

interface Lane {
  add(one: Waiting): void;
  load(): number;
  stop(): Promise<void>;
}

/** One batch after the other, over one connection. */
function createLane(
  cluster: KafkaCluster,
  readAll: (batch: readonly Waiting[], cluster: KafkaCluster) => Promise<void>,
): Lane {
  const waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let reading = 0;

  async function run(): Promise<void> {
    // What is asked in the same turn of the event loop goes together already in the first batch.
    await pause(0);
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      reading = batch.length;
      await readAll(batch, cluster);
      reading = 0;
    }
    running = undefined;
  }

  return {
    add(one) {
      waiting.push(one);
      running ??= run();
    },
    load: () => waiting.length + reading,
    async stop() {
      refuse(waiting.splice(0), new Error('the scaler is stopping'));
      // What is asked of a Kafka that does not answer is not waited for.
      await endsWithin(
        stopLimitMs,
        cluster.reset().then(() => running),
      );
    },
  };
}

/** Answers all of them, or none and why. */
async function attempt(batch: readonly Waiting[], cluster: KafkaCluster, nowMs: number): Promise<Error | undefined> {
  const tooLate = (): Error => new ReadTimeoutError(`Kafka did not answer within ${readLimitMs / 1_000} s`);
  try {
    const requests = batch.map(({ request }) => request);
    const readings = await within(readLimitMs, readBatch(cluster, requests, nowMs), tooLate);
    batch.forEach(({ answer }, index) => answer(readings[index]!));
    return undefined;
  } catch (error) {
    if (isAway(error as Error)) await cluster.reset();
    else cluster.refresh();
    return error as Error;
  }
}

const refuse = (batch: readonly Waiting[], { message }: Error): void =>
  batch.forEach(({ answer }) => answer({ unavailable: message }));

class ReadTimeoutError extends Error {
  override readonly name = 'ReadTimeoutError';
}

const keyOf = ({ group, topics }: LagRequest): string => JSON.stringify([group, topics]);

/**
 * Nobody answers at all, as opposed to an answer that refuses one topic or group, or says that a partition has no leader.
 * What kafkajs wraps when it gives up counts for what is in it.
 */
const isAway = ({ name, cause }: Error): boolean =>
  cause instanceof Error && /NumberOfRetries|NonRetriable/u.test(name)
    ? isAway(cause)
    : /Connection|Timeout|NumberOfRetries|SASLAuthentication|Aggregate/u.test(name);
