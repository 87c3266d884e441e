/** What changed in a consumer group between two looks. */
import type { GroupState } from '@order-pipeline/kafka';
import type { RebalanceView } from './views.ts';

interface Settled {
  readonly state: string;
  readonly members: number;
  /** The member's id by topic and partition. */
  readonly owners: ReadonlyMap<string, string>;
}

export interface RebalanceLog {
  /** Notes a look at a group; the first one of each only says how it is. */
  observe(group: GroupState, at: Date): void;
  /** Newest first. */
  entries(): RebalanceView[];
}

const maxEntries = 50;

export function createRebalanceLog(): RebalanceLog {
  const last = new Map<string, Settled>();
  const entries: RebalanceView[] = [];
  return {
    observe({ group, state, members }, at) {
      const before = last.get(group);
      const rebalancing = state.endsWith('Rebalance');
      // Nobody owns anything for a moment: what moved is judged once it is settled.
      const owners = rebalancing && before ? before.owners : ownersOf(members);
      const moved = before ? countMoved(before.owners, owners) : 0;
      if (before && (before.state !== state || moved > 0)) {
        entries.unshift({
          at: at.toISOString(),
          group,
          state,
          members_before: before.members,
          members: members.length,
          moved,
        });
        entries.length = Math.min(entries.length, maxEntries);
      }
      last.set(group, { state, owners, members: rebalancing && before ? before.members : members.length });
    },
    entries: () => [...entries],
  };
}

export const ownersOf = (members: GroupState['members']): Map<string, string> =>
  new Map(
    members.flatMap(({ id, assignment }) =>
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition): [string, string] => [`${topic}/${partition}`, id]),
      ),
    ),
  );

function countMoved(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  const places = new Set([...before.keys(), ...after.keys()]);
  return [...places].filter((place) => before.get(place) !== after.get(place)).length;
}
