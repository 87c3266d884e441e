/** Watches every consumer group of the pipeline: rebalances all the time, offsets when somebody asks. */
import type { ServiceEntry } from '@order-pipeline/events';
import { type GroupObserver, type GroupState } from '@order-pipeline/kafka';
import { OutageError, wait, type Logger } from '@order-pipeline/resilience';
import { createRebalanceLog, ownersOf } from './rebalance.ts';
import type { StepRepository } from './step-repository.ts';
import type { GroupView, Partitions, PartitionView } from './views.ts';

type Replicas = ReadonlyMap<string, NonNullable<GroupView['replicas']>>;

/** Where replicas and the scaler's reasons come from: nowhere, unless the dashboard runs beside a scaler. */
export interface ReplicaSource {
  /** By consumer group. Rejects when they cannot be read. */
  read(): Promise<Replicas>;
}

export interface GroupWatchOptions {
  readonly observer: GroupObserver;
  readonly repository: Pick<StepRepository, 'timeAt'>;
  readonly entries: readonly ServiceEntry[];
  readonly replicaSource: ReplicaSource | undefined;
  readonly logger: Logger;
}

export interface GroupWatch {
  start(): void;
  stop(): Promise<void>;
  /** At most a second old, however many ask. Rejects with an outage when Kafka is away. */
  read(): Promise<Partitions>;
}

const pollMs = 2_000;
const freshMs = 1_000;

export function createGroupWatch(options: GroupWatchOptions): GroupWatch {
  const { observer, repository, entries, replicaSource, logger } = options;
  const log = createRebalanceLog();
  const stopping = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  let latest: { readonly atMs: number; readonly view: Promise<Partitions> } | undefined;

  const look = async (): Promise<GroupState[]> => {
    const groups = await observer.groups(entries.map(({ consumerGroup }) => consumerGroup));
    const now = new Date();
    for (const group of groups) log.observe(group, now);
    return groups;
  };

  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => logger.debug({ err: error }, 'cannot look at the consumer groups now'));
      await wait(pollMs, stopping.signal).catch(() => undefined);
    }
  };

  /** Not to be had, they are missing on the page, and Kafka is shown all the same. */
  const readReplicas = async (): Promise<{ readonly byGroup: Replicas; readonly problem: string | null }> => {
    try {
      return { byGroup: (await replicaSource?.read()) ?? new Map(), problem: null };
    } catch (error) {
      logger.debug({ err: error }, 'cannot read the consumer scalers now');
      return { byGroup: new Map(), problem: `The scaler's resources cannot be read: ${(error as Error).message}` };
    }
  };

  const survey = async (): Promise<Partitions> => {
    const topics = [...new Set(entries.flatMap(({ consumes }) => consumes))];
    const [states, replicas, ranges, committed] = await Promise.all([
      look(),
      readReplicas(),
      Promise.all(topics.map((topic) => observer.ranges(topic))),
      Promise.all(entries.map(({ consumerGroup, consumes }) => observer.committed(consumerGroup, consumes))),
    ]).catch((error: unknown) => {
      throw new OutageError('kafka', error);
    });
    const groups = entries.map(async ({ consumerGroup, consumes }, index): Promise<GroupView> => {
      const state = states.find(({ group }) => group === consumerGroup);
      // By name, so that a member keeps its letter and colour from look to look.
      const members = (state?.members ?? []).toSorted((a, b) =>
        a.client.localeCompare(b.client, 'en', { numeric: true }),
      );
      const owners = ownersOf(members);
      const mapped = consumes.map(async (topic) => ({
        topic,
        partitions: await Promise.all(
          ranges[topics.indexOf(topic)]!.map(async ({ partition, low, end }): Promise<PartitionView> => {
            const next = committed[index]!.get(topic)?.get(partition);
            const lag = Number(end - (next ?? low));
            const since = lag > 0 ? await repository.timeAt(topic, partition, Number(next ?? low)) : undefined;
            return {
              partition,
              owner: owners.get(`${topic}/${partition}`) ?? null,
              committed: next === undefined ? null : String(next),
              end: String(end),
              lag: Math.max(0, lag),
              lag_seconds: lag > 0 ? (since ? Math.max(0, Date.now() - since.getTime()) / 1000 : null) : 0,
            };
          }),
        ),
      }));
      const map = await Promise.all(mapped);
      const all = map.flatMap(({ partitions }) => partitions);
      const ages = all.filter(({ lag }) => lag > 0).map(({ lag_seconds }) => lag_seconds);
      const known = ages.filter((age) => age !== null);
      return {
        group: consumerGroup,
        state: state?.state ?? 'Dead',
        members: members.map(({ id, client, host }) => ({ id, client, host })),
        topics: map,
        lag: all.reduce((sum, { lag }) => sum + lag, 0),
        lag_seconds: known.length < ages.length && known.length === 0 ? null : Math.max(0, ...known),
        replicas: replicas.byGroup.get(consumerGroup) ?? null,
      };
    });
    return { groups: await Promise.all(groups), rebalances: log.entries(), replicas_problem: replicas.problem };
  };

  return {
    start: () => void (watching = watch()),
    async stop() {
      stopping.abort();
      await watching;
    },
    async read() {
      if (latest === undefined || performance.now() - latest.atMs > freshMs) {
        latest = { atMs: performance.now(), view: survey() };
      }
      return latest.view;
    },
  };
}
