/**
 * Which member of a group gets which partition. The most loaded member decides how long a backlog takes, and dealing out
 * whole partitions is rarely even: 12 partitions on 5 members leave one with 3, just as on 4.
 */

/**
 * The owner of each partition, as the index of a member. `topics` names each partition's topic, in the order in which
 * the assignor sees the partitions.
 * Range assignors (Java's `range`) deal out each topic by itself, in runs, and give the first members what is left over;
 * round-robin ones (kafkajs' RoundRobinAssigner, Java's `roundrobin`) deal all topics out in turn. Sticky ones depend on
 * what was before, but end as even as round-robin, which stands in for them.
 */
export function assign(topics: readonly string[], members: number, assignor: string): number[] {
  if (members < 1) return [];
  if (!assignor.toLowerCase().startsWith('range')) return topics.map((_, index) => index % members);
  const counts = partitionsPerTopic(topics);
  const dealt = new Map<string, number>();
  return topics.map((topic) => {
    const index = dealt.get(topic) ?? 0;
    dealt.set(topic, index + 1);
    const count = counts.get(topic) ?? 0;
    const each = Math.floor(count / members);
    const larger = count % members;
    const inLarger = larger * (each + 1);
    return index < inLarger ? Math.floor(index / (each + 1)) : larger + Math.floor((index - inLarger) / each);
  });
}

/** How many members can own anything: under range, the largest topic's partitions; else all partitions. */
export function mostMembers(topics: readonly string[], assignor: string): number {
  return assignor.toLowerCase().startsWith('range')
    ? Math.max(0, ...partitionsPerTopic(topics).values())
    : topics.length;
}

/**
 * The numbers of replicas worth considering: the smallest of each class that gives the busiest member equally many
 * partitions (12: 1, 2, 3, 4, 6, 12), and the limit itself. Any other number costs more and carries no more.
 */
export function candidates(partitions: number, limit: number, membersPerReplica = 1): number[] {
  const numbers: number[] = [];
  let lastClass = Infinity;
  for (let replicas = 1; replicas <= limit; replicas += 1) {
    const partitionsEach = Math.ceil(partitions / (replicas * membersPerReplica));
    if (partitionsEach < lastClass || replicas === limit) numbers.push(replicas);
    lastClass = partitionsEach;
  }
  return numbers;
}

function partitionsPerTopic(topics: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const topic of topics) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}
