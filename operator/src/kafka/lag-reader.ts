/** Reads the lag of consumer groups. Requests that arrive during a read share the next one, so reads grow with brokers. */
import { within } from '@order-pipeline/resilience';
import type { KafkaCluster } from './cluster.ts';
import { readLagBatch, type LagRequest } from './lag-batch.ts';
import { answerUnavailable, ReadLane, type PendingRead } from './read-lane.ts';
import type { KafkaReading, KafkaUnavailable } from '../decide/observation.ts';

const readLimitMs = 20_000;
/** Requests that fail on their own have connections of their own, so that their time-outs delay no other request. */
const maxIsolatedLanes = 3;
const maxIsolated = 10_000;
/** After so many failed reads in search of the cause the rest of a failing part is isolated as a whole. */
const maxFailedReads = 20;

export class LagReader {
  readonly #connect: () => KafkaCluster;
  readonly #now: () => number;
  readonly #shared: ReadLane;
  readonly #isolatedLanes: ReadLane[] = [];
  /** Keys of the requests that failed on their own, until they succeed. */
  readonly #isolated = new Set<string>();

  constructor(connect: () => KafkaCluster, now: () => number = Date.now) {
    this.#connect = connect;
    this.#now = now;
    this.#shared = new ReadLane(connect(), (batch, cluster) => this.#readTogether(batch, cluster));
  }

  /** Never rejects: a lag that cannot be read is unavailable, which is not the same as no lag. */
  read(request: LagRequest): Promise<KafkaReading | KafkaUnavailable> {
    return new Promise((resolve) => {
      const lane = this.#isolated.has(keyOf(request)) ? this.#isolatedLane() : this.#shared;
      lane.add({ request, resolve });
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#shared, ...this.#isolatedLanes].map((lane) => lane.stop()));
  }

  /** Reads the batch in one, and halves a part that fails until the cause is found, for example a topic that is missing. */
  async #readTogether(batch: readonly PendingRead[], cluster: KafkaCluster): Promise<void> {
    const parts = [batch];
    for (let part = parts.pop(), failures = 0; part !== undefined; part = parts.pop()) {
      const failure = await attemptRead(part, cluster, this.#now());
      if (failure === undefined) continue;
      // While the whole cluster is unreachable each part would wait for its own time-out, so the first failure is for all.
      if (isUnreachable(failure)) return answerUnavailable([...part, ...parts.flat()], failure);
      failures += 1;
      if (part.length === 1) {
        this.#isolate(part);
        answerUnavailable(part, failure);
      } else if (failures >= maxFailedReads) {
        this.#isolate(part);
        for (const pending of part) this.#isolatedLane().add(pending);
      } else {
        const middle = Math.ceil(part.length / 2);
        parts.push(part.slice(middle), part.slice(0, middle));
      }
    }
  }

  async #readOneByOne(batch: readonly PendingRead[], cluster: KafkaCluster): Promise<void> {
    for (const pending of batch) {
      const failure = await attemptRead([pending], cluster, this.#now());
      if (failure === undefined) this.#isolated.delete(keyOf(pending.request));
      else answerUnavailable([pending], failure);
    }
  }

  #isolate(part: readonly PendingRead[]): void {
    if (this.#isolated.size >= maxIsolated) this.#isolated.clear();
    for (const { request } of part) this.#isolated.add(keyOf(request));
  }

  /** An idle lane, a new one, or the one with the fewest reads. */
  #isolatedLane(): ReadLane {
    const lanes = this.#isolatedLanes;
    const idle = lanes.find(({ load }) => load === 0);
    if (idle === undefined && lanes.length < maxIsolatedLanes) {
      lanes.push(new ReadLane(this.#connect(), (batch, cluster) => this.#readOneByOne(batch, cluster)));
    }
    return idle ?? lanes.toSorted((a, b) => a.load - b.load)[0]!;
  }
}

class ReadTimeoutError extends Error {
  override readonly name = 'ReadTimeoutError';
}

/** Answers all requests of the batch, or none and returns why. */
async function attemptRead(
  batch: readonly PendingRead[],
  cluster: KafkaCluster,
  nowMs: number,
): Promise<Error | undefined> {
  const tooLate = (): Error => new ReadTimeoutError(`Kafka did not respond within ${readLimitMs / 1_000} s`);
  try {
    const requests = batch.map(({ request }) => request);
    const readings = await within(readLimitMs, readLagBatch(cluster, requests, nowMs), tooLate);
    batch.forEach(({ resolve }, index) => resolve(readings[index]!));
    return undefined;
  } catch (error) {
    if (isUnreachable(error as Error)) await cluster.reset();
    else cluster.refresh();
    return error as Error;
  }
}

function keyOf({ group, topics }: LagRequest): string {
  return JSON.stringify([group, topics]);
}

/**
 * No broker responds, as opposed to an error response about one topic, group or partition. An error in which kafkajs wraps
 * the last one when it gives up is judged by its cause.
 */
function isUnreachable({ name, cause }: Error): boolean {
  return cause instanceof Error && /NumberOfRetries|NonRetriable/u.test(name)
    ? isUnreachable(cause)
    : /Connection|Timeout|NumberOfRetries|SASLAuthentication|Aggregate/u.test(name);
}
