/** Consumer groups as an outsider sees them: who owns which partition, what is committed, and how many brokers there are. */
import type { Kafka } from 'kafkajs';
import { decodeAssignment, type Assignment } from './assignment.ts';
import { createOnDemandAdmin } from './on-demand-admin.ts';

export interface GroupState {
  readonly group: string;
  /** As Kafka names it: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead. */
  readonly state: string;
  readonly members: readonly GroupMember[];
}

interface GroupMember {
  readonly id: string;
  readonly client: string;
  readonly host: string;
  /** Empty while the group rebalances. */
  readonly assignment: Assignment;
}

export interface PartitionRange {
  readonly partition: number;
  /** The first offset that is still kept. */
  readonly low: bigint;
  /** The next offset that will be written. */
  readonly end: bigint;
}

/** Every call rejects with an OutageError where Kafka cannot be asked. */
export interface GroupObserver {
  groups(ids: readonly string[]): Promise<GroupState[]>;
  /** In the order of the partitions. */
  ranges(topic: string): Promise<PartitionRange[]>;
  /** The next offset by topic and partition; a partition without a commit is absent. */
  committed(group: string, topics: readonly string[]): Promise<Map<string, Map<number, bigint>>>;
  brokers(): Promise<{ readonly count: number; readonly clusterId: string }>;
  stop(): Promise<void>;
}

export function createGroupObserver(kafka: Kafka): GroupObserver {
  const { ask, stop } = createOnDemandAdmin(kafka);
  return {
    groups: (ids) =>
      ask(async (admin) => {
        const { groups } = await admin.describeGroups([...ids]);
        return groups.map(({ groupId, state, members }) => ({
          group: groupId,
          state,
          members: members.map(({ memberId, clientId, clientHost, memberAssignment }) => ({
            id: memberId,
            client: clientId,
            host: clientHost.replace(/^\//u, ''),
            assignment: decodeAssignment(memberAssignment),
          })),
        }));
      }),
    ranges: (topic) =>
      ask(async (admin) => {
        const offsets = await admin.fetchTopicOffsets(topic);
        return offsets
          .map(({ partition, low, high }) => ({ partition, low: BigInt(low), end: BigInt(high) }))
          .toSorted((a, b) => a.partition - b.partition);
      }),
    committed: (group, topics) =>
      ask(async (admin) => {
        const offsets = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
        return new Map(
          offsets.map(({ topic, partitions }) => [
            topic,
            new Map(
              partitions
                .filter(({ offset }) => !offset.startsWith('-'))
                .map(({ partition, offset }) => [partition, BigInt(offset)]),
            ),
          ]),
        );
      }),
    brokers: () =>
      ask(async (admin) => {
        const { brokers, clusterId } = await admin.describeCluster();
        return { count: brokers.length, clusterId };
      }),
    stop,
  };
}
