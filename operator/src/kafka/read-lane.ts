/** Reads that share one connection, one batch after the other. */
import { setTimeout as pause } from 'node:timers/promises';
import { endsWithin } from '@order-pipeline/resilience';
import type { KafkaCluster } from './cluster.ts';
import type { LagRequest } from './lag-batch.ts';
import type { KafkaReading, KafkaUnavailable } from '../decide/observation.ts';

export interface PendingRead {
  readonly request: LagRequest;
  resolve(reading: KafkaReading | KafkaUnavailable): void;
}

const maxBatch = 1_000;
const stopLimitMs = 1_000;

export class ReadLane {
  readonly #cluster: KafkaCluster;
  readonly #readBatch: (batch: readonly PendingRead[], cluster: KafkaCluster) => Promise<void>;
  readonly #waiting: PendingRead[] = [];
  #running: Promise<void> | undefined;
  #inFlight = 0;

  /** `readBatch` answers every read of its batch, and never rejects. */
  constructor(
    cluster: KafkaCluster,
    readBatch: (batch: readonly PendingRead[], cluster: KafkaCluster) => Promise<void>,
  ) {
    this.#cluster = cluster;
    this.#readBatch = readBatch;
  }

  /** Reads that wait or are in flight. */
  get load(): number {
    return this.#waiting.length + this.#inFlight;
  }

  add(read: PendingRead): void {
    this.#waiting.push(read);
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    answerUnavailable(this.#waiting.splice(0), new Error('the operator is shutting down'));
    // A read that Kafka does not respond to is not waited for.
    await endsWithin(
      stopLimitMs,
      this.#cluster.reset().then(() => this.#running),
    );
  }

  async #run(): Promise<void> {
    // Requests of the same turn of the event loop share the first batch.
    await pause(0);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch);
      this.#inFlight = batch.length;
      await this.#readBatch(batch, this.#cluster);
      this.#inFlight = 0;
    }
    this.#running = undefined;
  }
}

export function answerUnavailable(reads: readonly PendingRead[], { message }: Error): void {
  for (const { resolve } of reads) resolve({ unavailable: message });
}
