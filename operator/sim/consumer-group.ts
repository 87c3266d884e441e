import type { Observation } from '../src/decide/observation.ts';
import { seeded, type Random } from './random.ts';
import { capacityPerSecond, type Workload } from './workloads.ts';

/** Times that no policy can change, drawn per pod and per rebalance. From kafkajs with short time-outs, and common images. */
const usualPodStartSeconds = [15, 45] as const;
const usualRebalanceSeconds = [4, 8] as const;
const podSpeed = [0.95, 1.05] as const;
/** After an outage the producers send what they buffered within this time. */
const flushSeconds = 15;

/** The records of one workload and seed: how many had arrived in each partition by the end of each second. */
export type Traffic = { readonly workload: Workload; readonly seed: number; readonly arrivedBy: Float64Array[] };

export function generateTraffic(workload: Workload, seed: number): Traffic {
  const random = seeded(seed * 31 + 7);
  const { durationSeconds, partitions, outage } = workload;
  const arrivedBy = Array.from({ length: partitions }, () => new Float64Array(durationSeconds));
  arrivedBy.forEach((arrived, partition) => {
    let total = 0;
    let buffered = 0;
    for (let second = 0; second < durationSeconds; second += 1) {
      const mean = workload.arrivalPerSecond(second) * workload.shareOf(partition, second);
      const sent = random.poisson(mean);
      if (outage !== undefined && second >= outage.fromSecond && second < outage.untilSecond) {
        buffered += sent;
      } else {
        const left = outage === undefined ? 0 : Math.max(1, outage.untilSecond + flushSeconds - second);
        const flushed = buffered === 0 ? 0 : Math.ceil(buffered / left);
        buffered -= flushed;
        total += sent + flushed;
      }
      arrived[second] = total;
    }
  });
  return { workload, seed, arrivedBy };
}

type Pod = { readonly joinsAtSecond: number; readonly speed: number; joined: boolean };

/**
 * An eager consumer group of a Deployment, one second at a time: pods start late, every change of members pauses all of
 * them for a while, partitions are assigned round-robin, and a member divides its capacity fairly among its partitions.
 */
export class ConsumerGroup {
  readonly traffic: Traffic;
  /** The traffic's records, and those that follow from them. */
  private readonly arrivedBy: Float64Array[];
  second = -1;
  paused = false;
  rebalances = 0;
  private readonly random: Random;
  private pods: Pod[] = [];
  private membersChanged = false;
  private pausedUntilSecond = 0;
  private readonly processed: Float64Array;
  /** Per partition the second in which its oldest unprocessed record arrived. */
  private readonly oldestSecond: Int32Array;
  /** How many records were processed at each age. */
  readonly processedByAge: Float64Array;

  constructor(traffic: Traffic, initialReplicas: number) {
    this.traffic = traffic;
    this.arrivedBy = traffic.workload.followers
      ? traffic.arrivedBy.map((arrived) => arrived.slice())
      : traffic.arrivedBy;
    this.random = seeded(traffic.seed * 17 + 3);
    this.processed = new Float64Array(traffic.workload.partitions);
    this.oldestSecond = new Int32Array(traffic.workload.partitions);
    this.processedByAge = new Float64Array(traffic.workload.durationSeconds + 1);
    for (let pod = 0; pod < initialReplicas; pod += 1) this.pods.push({ ...this.newPod(), joined: true });
  }

  get replicas(): number {
    return this.pods.length;
  }

  get members(): number {
    return this.pods.filter((pod) => pod.joined).length;
  }

  private get kafkaUnavailable(): boolean {
    const { outage } = this.traffic.workload;
    return outage !== undefined && this.second >= outage.fromSecond && this.second < outage.untilSecond;
  }

  private newPod(): Pod {
    return {
      joinsAtSecond:
        this.second + this.random.between(...(this.traffic.workload.podStartSeconds ?? usualPodStartSeconds)),
      speed: this.random.between(...podSpeed),
      joined: false,
    };
  }

  scale(replicas: number): void {
    while (this.pods.length < replicas) this.pods.push(this.newPod());
    // Kubernetes deletes pods that are not ready first, then the youngest.
    this.pods.sort((a, b) => Number(b.joined) - Number(a.joined) || a.joinsAtSecond - b.joinsAtSecond);
    for (const pod of this.pods.splice(replicas)) this.membersChanged ||= pod.joined;
  }

  step(): void {
    const wasUnavailable = this.kafkaUnavailable;
    this.second += 1;
    if (this.kafkaUnavailable) {
      this.paused = true;
      return;
    }
    this.membersChanged ||= wasUnavailable;
    for (const pod of this.pods) {
      if (!pod.joined && pod.joinsAtSecond <= this.second) {
        pod.joined = true;
        this.membersChanged = true;
      }
    }
    if (this.membersChanged) {
      if (this.second >= this.pausedUntilSecond) this.rebalances += 1;
      this.pausedUntilSecond =
        this.second + this.random.between(...(this.traffic.workload.rebalanceSeconds ?? usualRebalanceSeconds));
      this.membersChanged = false;
    }
    this.paused = this.second < this.pausedUntilSecond;
    if (!this.paused && this.second > 0) this.process();
  }

  private process(): void {
    const perSecond = this.traffic.workload.replicaPerSecond ?? capacityPerSecond;
    const speeds = this.pods.filter((pod) => pod.joined).map((pod) => pod.speed * perSecond);
    if (speeds.length === 0) return;
    const owned = speeds.map((): number[] => []);
    for (let partition = 0; partition < this.processed.length; partition += 1) {
      owned[partition % speeds.length]?.push(partition);
    }
    const lagOf = (partition: number) =>
      (this.arrivedBy[partition]?.[this.second - 1] ?? 0) - (this.processed[partition] ?? 0);
    const wanted = speeds.map((speed, member) =>
      Math.min(
        speed,
        (owned[member] ?? []).reduce((sum, partition) => sum + lagOf(partition), 0),
      ),
    );
    const limit = this.traffic.workload.sharedLimitPerSecond?.(this.second) ?? Infinity;
    const granted = Math.min(
      1,
      limit /
        Math.max(
          1e-9,
          wanted.reduce((sum, want) => sum + want, 0),
        ),
    );
    wanted.forEach((want, member) => {
      let budget = want * granted;
      // Smallest backlog first: each partition gets its fair share, and what it does not need goes to the others.
      const queue = (owned[member] ?? []).map((partition) => ({ partition, lag: lagOf(partition) }));
      queue.sort((a, b) => a.lag - b.lag);
      queue.forEach((next, index) => {
        const taken = Math.min(next.lag, budget / (queue.length - index));
        budget -= taken;
        if (taken > 0) this.take(next.partition, taken);
      });
    });
  }

  private take(partition: number, records: number): void {
    const arrived = this.arrivedBy[partition];
    if (arrived === undefined) return;
    let from = this.processed[partition] ?? 0;
    const to = from + records;
    let second = this.oldestSecond[partition] ?? 0;
    while (from < to && second < this.second) {
      const here = Math.min(to, arrived[second] ?? 0) - from;
      const age = this.second - second;
      if (here > 0) this.processedByAge[age] = (this.processedByAge[age] ?? 0) + here;
      from = Math.max(from, Math.min(to, arrived[second] ?? 0));
      if (from >= (arrived[second] ?? 0)) second += 1;
    }
    this.processed[partition] = to;
    this.oldestSecond[partition] = second;
    this.follow(partition, Math.floor(to) - Math.floor(to - records));
  }

  /** Adds the records that follow from processed records of the first topic; they can be processed a second later. */
  private follow(partition: number, records: number): void {
    const { followers = 0, partitions } = this.traffic.workload;
    const perTopic = partitions / (1 + followers);
    if (followers === 0 || partition >= perTopic || records === 0) return;
    for (let other = partition + perTopic; other < partitions; other += perTopic) {
      const arrived = this.arrivedBy[other]!;
      for (let later = this.second; later < arrived.length; later += 1) arrived[later]! += records;
    }
  }

  /** The age of the oldest unprocessed record. */
  oldestAgeSeconds(): number {
    let oldest = 0;
    this.arrivedBy.forEach((arrived, partition) => {
      let second = this.oldestSecond[partition] ?? 0;
      // Less than one record is a rounding error of the fluid model, not a record that waits.
      while (second < this.second && (arrived[second] ?? 0) - (this.processed[partition] ?? 0) < 1) second += 1;
      this.oldestSecond[partition] = second;
      oldest = Math.max(oldest, this.second - second);
    });
    return oldest;
  }

  lag(): number {
    return this.arrivedBy.reduce(
      (sum, arrived, partition) => sum + (arrived[this.second] ?? 0) - Math.floor(this.processed[partition] ?? 0),
      0,
    );
  }

  observe(maxAgeSeconds: number): Observation {
    const workload = { replicas: this.replicas, rolloutInProgress: false };
    if (this.kafkaUnavailable) return { atSeconds: this.second, workload, kafka: { unavailable: 'no broker answers' } };
    const count = this.members;
    const members = Array.from({ length: count }, (): string[] => []);
    const partitions = this.arrivedBy.map((arrived, partition) => {
      if (!this.paused) members[partition % count]?.push(`records-${partition}`);
      const endOffset = arrived[this.second] ?? 0;
      const old = this.second < maxAgeSeconds ? 0 : (arrived[this.second - maxAgeSeconds] ?? 0);
      return {
        topic: 'records',
        partition,
        startOffset: 0,
        endOffset,
        committedOffset: Math.floor(this.processed[partition] ?? 0),
        offsetAtMaxAge: old === endOffset ? -1 : old,
      };
    });
    const state = this.paused ? 'Rebalancing' : count === 0 ? 'Empty' : 'Stable';
    return {
      atSeconds: this.second,
      workload,
      kafka: { group: { state, assignor: 'RoundRobinAssigner', members }, partitions },
    };
  }
}
