/** A consumer group as the page shows it: its members, which of them reads which partition, and the lag. */
import type { ServiceEntry } from '@order-pipeline/events';
import { lagOfPartition, type GroupState, type PartitionRange } from '@order-pipeline/kafka';
import { ownersOf } from './rebalance-log.ts';
import type { GroupView, PartitionView } from './views.ts';

/** What Kafka reports about a group. */
export interface GroupSnapshot {
  readonly entry: Pick<ServiceEntry, 'consumerGroup' | 'consumes'>;
  /** Undefined while the group does not exist. */
  readonly state: GroupState | undefined;
  readonly ranges: ReadonlyMap<string, readonly PartitionRange[]>;
  /** The next offset by topic and partition. */
  readonly committed: ReadonlyMap<string, ReadonlyMap<number, bigint>>;
}

/** When the record at this offset became true, as far as that is known. */
type TimeAt = (topic: string, partition: number, offset: number) => Promise<Date | undefined>;

const secondsSince = (time: Date | undefined): number | null =>
  time === undefined ? null : Math.max(0, Date.now() - time.getTime()) / 1_000;

const describeTopic = (
  topic: string,
  { ranges, committed }: GroupSnapshot,
  owners: ReadonlyMap<string, string>,
  timeAt: TimeAt,
): Promise<PartitionView[]> =>
  Promise.all(
    (ranges.get(topic) ?? []).map(async ({ partition, low, end }) => {
      const next = committed.get(topic)?.get(partition);
      const lag = Math.max(0, Number(lagOfPartition({ low, end }, next)));
      const since = lag > 0 ? await timeAt(topic, partition, Number(next ?? low)) : undefined;
      return {
        partition,
        owner: owners.get(`${topic}/${partition}`) ?? null,
        committed: next === undefined ? null : String(next),
        end: String(end),
        lag,
        lag_seconds: lag === 0 ? 0 : secondsSince(since),
      };
    }),
  );

export async function describeGroup(snapshot: GroupSnapshot, timeAt: TimeAt): Promise<Omit<GroupView, 'replicas'>> {
  const { entry, state } = snapshot;
  // By name, so that a member keeps its label and colour while others join and leave.
  const members = (state?.members ?? []).toSorted((a, b) => a.client.localeCompare(b.client, 'en', { numeric: true }));
  const owners = ownersOf(members);
  const topics = await Promise.all(
    entry.consumes.map(async (topic) => ({ topic, partitions: await describeTopic(topic, snapshot, owners, timeAt) })),
  );
  const partitions = topics.flatMap((each) => each.partitions);
  return {
    group: entry.consumerGroup,
    state: state?.state ?? 'Dead',
    members: members.map(({ id, client, host }) => ({ id, client, host })),
    topics,
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    lag_seconds: lagAgeOf(partitions),
  };
}

/** The largest lag age of the partitions; null when there is a lag of which no age is known. */
function lagAgeOf(partitions: readonly PartitionView[]): number | null {
  const ages = partitions.filter(({ lag }) => lag > 0).map(({ lag_seconds }) => lag_seconds);
  const known = ages.filter((age) => age !== null);
  return ages.length > 0 && known.length === 0 ? null : Math.max(0, ...known);
}
