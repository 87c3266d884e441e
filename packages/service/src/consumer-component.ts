import type { ServiceEntry } from '@order-pipeline/events';
import { startConsumer, type ConsumerOptions, type RunningConsumer } from '@order-pipeline/kafka';
import type { CheckResult, Component } from '@order-pipeline/runtime';
import type { ServiceConfig } from './settings.ts';

type FromEdges = Pick<ConsumerOptions, 'kafka' | 'publisher' | 'logger' | 'lagReader'>;

export interface ConsumerComponentOptions extends FromEdges, Pick<ConsumerOptions, 'handler' | 'metrics' | 'spans'> {
  readonly entry: ServiceEntry;
  readonly config: ServiceConfig;
  readonly fail: (error: unknown) => void;
}

/** The service's member of its consumer group, which joins when the component starts. */
export class ConsumerComponent implements Component {
  readonly name = 'consumer';
  readonly #options: ConsumerComponentOptions;
  #running: RunningConsumer | undefined;

  constructor(options: ConsumerComponentOptions) {
    this.#options = options;
  }

  start(): void {
    const { entry, config, fail, ...options } = this.#options;
    this.#running = startConsumer({
      ...options,
      consumerGroup: entry.consumerGroup,
      topics: entry.consumes,
      settings: {
        sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
        maxBatchSize: config.CONSUMER_MAX_BATCH,
        maxAttempts: config.CONSUMER_MAX_ATTEMPTS,
      },
      onFatal: fail,
    });
  }

  /** Waits for the batch in flight. */
  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  health(): CheckResult {
    return this.#running?.health() ?? { status: 'starting', detail: 'waiting for MongoDB' };
  }

  /** False when only a restart helps. */
  isAlive(): boolean {
    return this.#running?.isAlive() !== false;
  }
}
