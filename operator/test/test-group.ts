import { assign } from '../src/decide/assignment.ts';
import { decide, defaultSpec, initialState } from '../src/decide/decide.ts';
import type { Condition, Observation, Outcome, ScalerSpec } from '../src/decide/decide.ts';

/**
 * A consumer group for tests: perfectly regular arrivals, members that join and rebalance at once, and a scaler that
 * reconciles when it is due. The simulator in sim/ is the realistic one.
 */
export class TestGroup {
  spec: ScalerSpec;
  atSeconds = 1_000_000;
  replicas: number;
  /** Per partition. */
  arrivalsPerSecond: number[];
  capacityPerSecond = 100;
  /** The limit of all members together. */
  sharedLimitPerSecond = Infinity;
  /** The members process exactly what arrives, so that every backlog stays as it is. */
  keepUp = false;
  startOffsets: number[];
  endOffsets: number[];
  committedOffsets: number[];
  /** Replaces parts of the observation by what a healthy group never shows. */
  disturb: (observation: Observation) => Observation = (observation) => observation;
  outcome: Outcome | undefined;
  changes: Outcome['decision'][] = [];
  private endOffsetsBySecond: number[][] = [];
  private nextReconciliationSeconds = 0;

  constructor(replicas: number, arrivalsPerSecond: number[], spec: Partial<ScalerSpec> = {}) {
    this.replicas = replicas;
    this.arrivalsPerSecond = arrivalsPerSecond;
    this.spec = { ...defaultSpec, topics: ['orders'], ...spec };
    this.startOffsets = arrivalsPerSecond.map(() => 0);
    this.endOffsets = arrivalsPerSecond.map(() => 1_000_000);
    this.committedOffsets = arrivalsPerSecond.map(() => 1_000_000);
  }

  condition(type: string): Condition | undefined {
    return this.outcome?.status.conditions.find((one) => one.type === type);
  }

  get lag(): number {
    return this.endOffsets.reduce((sum, end, partition) => sum + end - (this.committedOffsets[partition] ?? 0), 0);
  }

  owners(): number[] {
    return assign(
      this.endOffsets.map(() => 'orders'),
      this.replicas,
      'RoundRobinAssigner',
    );
  }

  observe(): Observation {
    const members = Array.from({ length: this.replicas }, (): string[] => []);
    this.owners().forEach((owner, partition) => members[owner]?.push(`orders-${partition}`));
    const old = this.endOffsetsBySecond.at(-1 - this.spec.objective.maxAgeSeconds);
    return this.disturb({
      atSeconds: this.atSeconds,
      workload: { replicas: this.replicas, rolloutInProgress: false },
      kafka: {
        group: { state: this.replicas === 0 ? 'Empty' : 'Stable', assignor: 'RoundRobinAssigner', members },
        partitions: this.endOffsets.map((end, partition) => ({
          topic: 'orders',
          partition,
          startOffset: this.startOffsets[partition] ?? 0,
          endOffset: Math.floor(end),
          committedOffset: Math.floor(this.committedOffsets[partition] ?? 0),
          offsetAtMaxAge: Math.floor(old?.[partition] ?? 0),
        })),
      },
    });
  }

  reconcile(): Outcome {
    const observation = this.observe();
    this.outcome = decide(this.spec, observation, this.outcome?.state ?? initialState(observation));
    const { decision } = this.outcome;
    if (decision.apply) {
      this.replicas = decision.to;
      this.changes.push(decision);
    }
    this.nextReconciliationSeconds = this.atSeconds + this.outcome.requeueAfterSeconds;
    return this.outcome;
  }

  /** Advances the time, reconciles whenever it is due, and returns the last outcome. */
  run(seconds: number): Outcome {
    let last = this.outcome;
    for (let second = 0; second < seconds; second += 1) {
      this.atSeconds += 1;
      this.endOffsets = this.endOffsets.map((end, partition) => end + (this.arrivalsPerSecond[partition] ?? 0));
      this.endOffsetsBySecond.push(this.endOffsets);
      this.consume();
      if (this.atSeconds >= this.nextReconciliationSeconds) last = this.reconcile();
    }
    return last ?? this.reconcile();
  }

  private consume(): void {
    if (this.keepUp) {
      this.committedOffsets = this.committedOffsets.map(
        (offset, index) => offset + (this.arrivalsPerSecond[index] ?? 0),
      );
      return;
    }
    const owners = this.owners();
    const capacity = Math.min(this.capacityPerSecond, this.sharedLimitPerSecond / Math.max(1, this.replicas));
    for (let member = 0; member < this.replicas; member += 1) {
      let budget = capacity;
      const lagOf = (partition: number) => (this.endOffsets[partition] ?? 0) - (this.committedOffsets[partition] ?? 0);
      const owned = owners.flatMap((owner, partition) => (owner === member ? [partition] : []));
      const queue = owned.toSorted((a, b) => lagOf(a) - lagOf(b));
      queue.forEach((partition, index) => {
        const taken = Math.min(lagOf(partition), budget / (queue.length - index));
        budget -= taken;
        this.committedOffsets[partition] = (this.committedOffsets[partition] ?? 0) + taken;
      });
    }
  }
}

/** The same rate for each of `partitions`. */
export const evenly = (totalPerSecond: number, partitions = 12): number[] =>
  Array.from({ length: partitions }, () => totalPerSecond / partitions);

/** Changes the group in every observation. */
export const withGroup =
  (change: object) =>
  (observation: Observation): Observation =>
    'unavailable' in observation.kafka
      ? observation
      : { ...observation, kafka: { ...observation.kafka, group: { ...observation.kafka.group, ...change } } };

export const fixed = (recordsPerSecond: number) => ({ capacity: { mode: 'Fixed', recordsPerSecond } }) as const;

/** The partitions of `evenly` assigned round-robin to so many members, whatever the group's replicas are. */
export const assignedTo = (count: number) =>
  withGroup({
    members: Array.from({ length: count }, (_, member) =>
      evenly(0).flatMap((_rate, partition) => (partition % count === member ? [`orders-${partition}`] : [])),
    ),
  });
