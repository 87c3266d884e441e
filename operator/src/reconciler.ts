/** Reconciles one resource: observes, decides, writes the difference, and returns when to requeue. */
import type { Logger } from '@order-pipeline/runtime';
import { conflictConditions, invalidSpec, targetNotFound, type NotReady } from './conditions.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import { decide, initialState, type Observation, type Outcome, type ScalerState } from './decide/decide.ts';
import type { KafkaConnections } from './kafka/connections.ts';
import { hasStatus, type KubeApi } from './kube/api-client.ts';
import type { ClusterCache } from './kube/cluster-cache.ts';
import {
  apiVersion,
  identityOf,
  invalidNamesIn,
  kind,
  resourcePath,
  specOf,
  type ConsumerScaler,
} from './kube/custom-resource.ts';
import type { EventRecorder } from './kube/event-recorder.ts';
import { isSignificant, statusPatch, storedStatus, type OwnCondition } from './kube/resource-status.ts';
import type { ScaleWriter } from './kube/scale-writer.ts';
import { conflictOf, isRollingOut, replicasOf, type Workload } from './kube/targets.ts';

interface ReconcilerOptions {
  readonly api: KubeApi;
  readonly cache: ClusterCache;
  readonly kafka: KafkaConnections;
  readonly writer: ScaleWriter;
  readonly events: EventRecorder;
  readonly metrics: ControllerMetrics;
  readonly logger: Logger;
  isLeader(): boolean;
}

/** What is kept of a resource between reconciliations. */
type Memory = { readonly identity: string; readonly state: ScalerState; readonly statusAt: number };

/** A status in which only measured numbers changed is written this often; a significant change is written at once. */
const statusIntervalMs = { lagging: 10_000, idle: 30_000 };
const conflictRequeueMs = 1_000;
const notSyncedRequeueMs = 200;

/** The epoch's time at the start of the process, and never adjusted since: rates and windows depend on it. */
function steadyMs(): number {
  return performance.timeOrigin + performance.now();
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #memories = new Map<string, Memory>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Returns after how many milliseconds the resource is due again; undefined: when something changes. */
  async reconcile(key: string): Promise<number | undefined> {
    const { cache, metrics, writer, isLeader } = this.#options;
    const resource = cache.scalers.get(key);
    if (resource === undefined) {
      this.#memories.delete(key);
      metrics.forget(key, 'all');
      return undefined;
    }
    if (!isLeader()) return undefined;
    // Before the first complete list an object that is absent from the cache may exist.
    if (!cache.isSynced()) return notSyncedRequeueMs;
    const target = cache.targetOf(resource);
    if (resource.metadata.deletionTimestamp !== undefined) {
      await writer.release(resource, target, conflictOf(resource, cache));
      return undefined;
    }
    const { pollSeconds = 10 } = resource.spec;
    const invalid = invalidNamesIn(resource.spec);
    if (invalid.length > 0) {
      this.#options.logger.warn(
        { resource: key, invalid },
        'invalid names in the spec: the resource is not reconciled',
      );
      await this.#reportNotReady(key, resource, invalidSpec(invalid.map(({ field }) => field)));
      return undefined;
    }
    if (target === undefined) {
      await this.#reportNotReady(key, resource, targetNotFound(resource.spec.targetRef));
      return pollSeconds * 1_000;
    }
    return this.#scale(key, resource, target);
  }

  async #scale(key: string, resource: ConsumerScaler, target: Workload): Promise<number> {
    const conflict = conflictOf(resource, this.#options.cache);
    const observation = await this.#observe(resource, target);
    const identity = identityOf(resource);
    const known = this.#memories.get(key);
    const before = known?.identity === identity ? known.state : initialState(observation, learnedBefore(resource));
    const outcome = decide(specOf(resource, conflict !== undefined), observation, before);
    const applied = await this.#apply(key, resource, target, outcome);
    // Another client changed the target: the observation no longer holds, and its state is not kept.
    if (applied === 'conflict') return conflictRequeueMs;
    this.#options.metrics.decided(key, outcome, applied);
    this.#memories.set(key, { identity, state: outcome.state, statusAt: known?.statusAt ?? -Infinity });
    await this.#writeStatus(key, resource, outcome, conflictConditions(outcome, conflict), applied);
    if (conflict !== undefined) {
      const message = `${conflict} scales the same target; this resource only observes.`;
      await this.#recordEvent(resource, 'Warning', 'Conflict', message);
    }
    // On whole seconds, so that resources that are due at about the same time read Kafka together.
    const now = steadyMs();
    return Math.round(now / 1_000 + outcome.requeueAfterSeconds) * 1_000 - now;
  }

  async #observe(resource: ConsumerScaler, target: Workload): Promise<Observation> {
    const { consumerGroup, topics, kafka } = resource.spec;
    const { maxAgeSeconds } = specOf(resource, false).objective;
    const reading = await this.#options.kafka
      .readerFor(resource.metadata.namespace, kafka)
      .then((reader) => reader.read({ group: consumerGroup, topics, maxAgeSeconds }))
      .catch((error: Error) => ({ unavailable: error.message }));
    return {
      atSeconds: steadyMs() / 1_000,
      workload: { replicas: replicasOf(target), rolloutInProgress: isRollingOut(target) },
      kafka: reading,
    };
  }

  /** Whether the decision was written to the target. */
  async #apply(
    key: string,
    resource: ConsumerScaler,
    target: Workload,
    { decision }: Outcome,
  ): Promise<boolean | 'conflict'> {
    if (!decision.apply) return false;
    const { writer, logger } = this.#options;
    try {
      if (!(await writer.scale(resource, target, decision))) return false;
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      logger.info({ resource: key }, 'the target or the resource changed during the reconciliation; requeueing');
      return 'conflict';
    }
    const type = decision.reason === 'Fallback' ? 'Warning' : 'Normal';
    const reason = decision.action === 'ScaleUp' ? 'ScaledUp' : 'ScaledDown';
    const message = `${decision.from} → ${decision.to} replicas. ${decision.message}`;
    await this.#recordEvent(resource, type, reason, message);
    return true;
  }

  async #reportNotReady(key: string, resource: ConsumerScaler, { reason, message, conditions }: NotReady) {
    this.#options.metrics.forget(key, 'present');
    await this.#recordEvent(resource, 'Warning', reason, message);
    await this.#writeStatus(key, resource, undefined, conditions, false);
  }

  async #writeStatus(
    key: string,
    resource: ConsumerScaler,
    outcome: Outcome | undefined,
    own: readonly OwnCondition[],
    applied: boolean,
  ): Promise<void> {
    const { api, isLeader } = this.#options;
    const now = steadyMs();
    const memory = this.#memories.get(key);
    // Times in a status are those of the system's clock.
    const status = storedStatus(resource, outcome?.status, own, applied, Date.now());
    const lagging = (outcome?.status.lag?.messages ?? 0) > 0;
    const intervalMs = lagging ? statusIntervalMs.lagging : statusIntervalMs.idle;
    const due = outcome !== undefined && now - (memory?.statusAt ?? -Infinity) >= intervalMs;
    if ((!due && !isSignificant(resource.status, status)) || !isLeader()) return;
    await api.patch(resourcePath(resource, 'status'), statusPatch(resource.status, status)).catch((error: unknown) => {
      // The resource was deleted in the meantime.
      if (!hasStatus(error, 404)) throw error;
    });
    if (memory !== undefined) this.#memories.set(key, { ...memory, statusAt: now });
  }

  #recordEvent(resource: ConsumerScaler, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void> {
    return this.#options.events.record({ apiVersion, kind, metadata: resource.metadata }, type, reason, message);
  }
}

/** What an earlier process learned, if the spec has not changed since. */
function learnedBefore({ status, metadata }: ConsumerScaler) {
  if (status?.observedGeneration !== metadata.generation) return undefined;
  const { capacityPerReplicaPerSecond, rebalanceSeconds } = status ?? {};
  return {
    ...(capacityPerReplicaPerSecond === undefined ? {} : { capacityPerReplicaPerSecond }),
    ...(rebalanceSeconds === undefined ? {} : { rebalanceSeconds }),
  };
}
