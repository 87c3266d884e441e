/**
 * The assignment of partitions to members. The most loaded member decides how long a backlog takes to drain, and whole
 * partitions are rarely spread evenly: with 12 partitions on 5 members one member has 3, as with 4 members.
 */

/**
 * The owner of each partition, as the index of a member. `topics` names each partition's topic, in the order in which
 * the assignor sees the partitions.
 * Range assignors (Java's `range`) assign the partitions of each topic separately, in runs, and give the first members the
 * remainder; round-robin assignors (kafkajs' RoundRobinAssigner, Java's `roundrobin`) assign the partitions of all topics
 * in turn. Sticky assignors depend on the previous assignment but are as even as round-robin, which stands in for them.
 */
export function assign(topics: readonly string[], members: number, assignor: string): number[] {
  if (members < 1) return [];
  if (!isRange(assignor)) return topics.map((_, index) => index % members);
  const counts = partitionsPerTopic(topics);
  const assigned = new Map<string, number>();
  return topics.map((topic) => {
    const index = assigned.get(topic) ?? 0;
    assigned.set(topic, index + 1);
    const count = counts.get(topic) ?? 0;
    const each = Math.floor(count / members);
    const larger = count % members;
    const inLarger = larger * (each + 1);
    return index < inLarger ? Math.floor(index / (each + 1)) : larger + Math.floor((index - inLarger) / each);
  });
}

/** How many members can own a partition: under range, as many as the largest topic has partitions; else all partitions. */
export function maxOwners(topics: readonly string[], assignor: string): number {
  return isRange(assignor) ? Math.max(0, ...partitionsPerTopic(topics).values()) : topics.length;
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

function isRange(assignor: string): boolean {
  return assignor.toLowerCase().startsWith('range');
}

function partitionsPerTopic(topics: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const topic of topics) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}
