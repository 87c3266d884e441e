/** Monitors every consumer group of the pipeline: rebalances continuously, offsets and lag on request. */
import type { ServiceEntry } from '@order-pipeline/events';
import type { GroupObserver, GroupState } from '@order-pipeline/kafka';
import { PeriodicTask, type Logger } from '@order-pipeline/resilience';
import { describeGroup } from './group-view.ts';
import { RebalanceLog } from './rebalance-log.ts';
import type { StepRepository } from './step-repository.ts';
import type { GroupView, Partitions } from './views.ts';

type Replicas = ReadonlyMap<string, NonNullable<GroupView['replicas']>>;

/** Where replicas and the scaler's reasons come from: only in Kubernetes does the dashboard have such a source. */
export interface ReplicaSource {
  /** By consumer group. Rejects when they cannot be read. */
  read(): Promise<Replicas>;
}

export interface GroupMonitorOptions {
  readonly observer: GroupObserver;
  readonly repository: Pick<StepRepository, 'timeAt'>;
  readonly entries: readonly ServiceEntry[];
  readonly replicaSource: ReplicaSource | undefined;
  readonly logger: Logger;
}

const pollMs = 2_000;
const maxAgeMs = 1_000;

export class GroupMonitor {
  readonly #options: GroupMonitorOptions;
  readonly #rebalances = new RebalanceLog();
  readonly #polling: PeriodicTask;
  #latest: { readonly readAtMs: number; readonly view: Promise<Partitions> } | undefined;

  constructor(options: GroupMonitorOptions) {
    this.#options = options;
    const run = async (): Promise<void> => void (await this.#observeGroups());
    this.#polling = new PeriodicTask({ name: 'consumer groups', everyMs: pollMs, run, logger: options.logger });
  }

  start(): void {
    this.#polling.start();
  }

  stop(): Promise<void> {
    return this.#polling.stop();
  }

  /** At most a second old, however many requests share it. Rejects with an OutageError when Kafka is unreachable. */
  async read(): Promise<Partitions> {
    const nowMs = performance.now();
    if (this.#latest === undefined || nowMs - this.#latest.readAtMs > maxAgeMs) {
      this.#latest = { readAtMs: nowMs, view: this.#readNow() };
    }
    return this.#latest.view;
  }

  async #observeGroups(): Promise<GroupState[]> {
    const { observer, entries } = this.#options;
    const groups = await observer.groups(entries.map(({ consumerGroup }) => consumerGroup));
    const now = new Date();
    for (const group of groups) this.#rebalances.observe(group, now);
    return groups;
  }

  async #readNow(): Promise<Partitions> {
    const { observer, entries, repository } = this.#options;
    const topics = [...new Set(entries.flatMap(({ consumes }) => consumes))];
    const [states, replicas, ranges, committed] = await Promise.all([
      this.#observeGroups(),
      this.#readReplicas(),
      Promise.all(topics.map((topic) => observer.ranges(topic))),
      Promise.all(entries.map(({ consumerGroup, consumes }) => observer.committed(consumerGroup, consumes))),
    ]);
    const rangesByTopic = new Map(topics.map((topic, index) => [topic as string, ranges[index]!]));
    const groups = entries.map(async (entry, index): Promise<GroupView> => {
      const state = states.find(({ group }) => group === entry.consumerGroup);
      const description = await describeGroup(
        { entry, state, ranges: rangesByTopic, committed: committed[index]! },
        repository.timeAt,
      );
      return { ...description, replicas: replicas.byGroup.get(entry.consumerGroup) ?? null };
    });
    return {
      groups: await Promise.all(groups),
      rebalances: this.#rebalances.entries(),
      replicas_problem: replicas.problem,
    };
  }

  /** When they cannot be read, the page still shows what Kafka reports. */
  async #readReplicas(): Promise<{ readonly byGroup: Replicas; readonly problem: string | null }> {
    const { replicaSource, logger } = this.#options;
    try {
      return { byGroup: (await replicaSource?.read()) ?? new Map(), problem: null };
    } catch (error) {
      logger.debug({ err: error }, 'cannot read the ConsumerScalers');
      return { byGroup: new Map(), problem: `The ConsumerScalers cannot be read: ${(error as Error).message}` };
    }
  }
}
