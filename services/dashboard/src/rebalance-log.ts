/** The latest rebalances of each consumer group, found by comparing one observation of a group with the next. */
import type { GroupState } from '@order-pipeline/kafka';
import type { RebalanceView } from './views.ts';

interface Observation {
  readonly state: string;
  readonly members: number;
  /** The member's id by topic and partition. */
  readonly owners: ReadonlyMap<string, string>;
}

const maxEntries = 50;

export const ownersOf = (members: GroupState['members']): Map<string, string> =>
  new Map(
    members.flatMap(({ id, assignment }) =>
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition): [string, string] => [`${topic}/${partition}`, id]),
      ),
    ),
  );

export class RebalanceLog {
  readonly #latest = new Map<string, Observation>();
  readonly #entries: RebalanceView[] = [];

  /** Adds an entry when the group has changed; the first observation of a group adds none. */
  observe({ group, state, members }: GroupState, at: Date): void {
    const before = this.#latest.get(group);
    if (!before) {
      this.#latest.set(group, { state, owners: ownersOf(members), members: members.length });
      return;
    }
    // During a rebalance no member owns a partition: what moved is compared once the group is stable again.
    const isRebalancing = state.endsWith('Rebalance');
    const owners = isRebalancing ? before.owners : ownersOf(members);
    const moved = countMoved(before.owners, owners);
    if (before.state !== state || moved > 0) {
      const members_before = before.members;
      this.#entries.unshift({ at: at.toISOString(), group, state, members_before, members: members.length, moved });
      this.#entries.length = Math.min(this.#entries.length, maxEntries);
    }
    this.#latest.set(group, { state, owners, members: isRebalancing ? before.members : members.length });
  }

  /** Newest first. */
  entries(): RebalanceView[] {
    return [...this.#entries];
  }
}

function countMoved(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  const partitions = new Set([...before.keys(), ...after.keys()]);
  return [...partitions].filter((partition) => before.get(partition) !== after.get(partition)).length;
}
