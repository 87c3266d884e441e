/** Looks at one resource after another, decides, writes the difference, and says when to look again. */
import type { Logger } from '@order-pipeline/runtime';
import {
  condition,
  identityOf,
  invalidNamesIn,
  isNews,
  specOf,
  statusPatch,
  writtenStatus,
  type ConsumerScaler,
} from './kube/custom-resource.ts';
import { decide, initialState, type Observation, type Outcome, type ScalerState } from './decide/decide.ts';
import { resourcePath, type Cluster } from './kube/cluster-cache.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { KafkaConnections } from './kafka/connections.ts';
import { hasStatus, type KubeApi } from './kube/api-client.ts';
import type { EventRecorder } from './kube/event-recorder.ts';
import type { ScaleWriter } from './kube/scale-writer.ts';
import { conflictOf, isRollingOut, replicasOf, type Workload } from './kube/targets.ts';

interface ControllerOptions {
  readonly api: KubeApi;
  readonly cluster: Cluster;
  readonly kafka: KafkaConnections;
  readonly writer: ScaleWriter;
  readonly events: EventRecorder;
  readonly metrics: ControllerMetrics;
  readonly logger: Logger;
  isLeader(): boolean;
}

export interface Controller {
  /** Answers after how many milliseconds the resource is due again; undefined: when something changes. */
  reconcile(key: string): Promise<number | undefined>;
}

type Memory = { readonly identity: string; readonly state: ScalerState; readonly statusAt: number };

/** Numbers that merely moved are written this often; what somebody would want to know is written at once. */
const statusEveryMs = { behind: 10_000, idle: 30_000 };
const conflictLookMs = 1_000;
const notSyncedLookMs = 200;
/** As the epoch's when the process began, and never set back or forward since: rates and windows rest on it. */
const steadyMs = (): number => performance.timeOrigin + performance.now();

export function createController(options: ControllerOptions): Controller {
  const { api, cluster, kafka, writer, events, metrics, logger, isLeader } = options;
  const memories = new Map<string, Memory>();

  async function reconcile(key: string): Promise<number | undefined> {
    const resource = cluster.scalers.get(key);
    if (resource === undefined) {
      memories.delete(key);
      metrics.forget(key, 'all');
      return undefined;
    }
    if (!isLeader()) return undefined;
    // Until all has been listed, what is not there may merely not be known.
    if (!cluster.isSynced()) return notSyncedLookMs;
    if (resource.metadata.deletionTimestamp !== undefined) {
      await writer.release(resource, cluster.targetOf(resource), conflictOf(resource, cluster));
      return undefined;
    }
    const { targetRef, pollSeconds = 10 } = resource.spec;
    const invalid = invalidNamesIn(resource.spec);
    if (invalid.length > 0) {
      logger.warn({ resource: key, invalid }, 'the spec has invalid names; nothing is read or scaled for it');
      const fields = invalid.map(({ field }) => field).join(', ');
      await notReady(key, resource, 'InvalidSpec', `No valid name or key: ${fields}.`);
      return undefined;
    }
    const target = cluster.targetOf(resource);
    if (target === undefined) {
      const message = `There is no ${targetRef.kind} ${targetRef.name} in this namespace.`;
      await notReady(key, resource, 'TargetNotFound', message);
      return pollSeconds * 1_000;
    }
    return look(key, resource, target);
  }

  async function notReady(key: string, resource: ConsumerScaler, reason: string, message: string): Promise<void> {
    metrics.forget(key, 'present');
    await tell(resource, 'Warning', reason, message);
    await writeStatus(resource, undefined, [condition('Ready', 'False', reason, message)], false);
  }

  async function look(key: string, resource: ConsumerScaler, target: Workload): Promise<number> {
    const conflict = conflictOf(resource, cluster);
    const spec = specOf(resource, conflict !== undefined);
    const observation = await observe(resource, target);
    const identity = identityOf(resource);
    const known = memories.get(key);
    const before = known?.identity === identity ? known.state : initialState(observation, learnedBefore(resource));
    const outcome = decide(spec, observation, before);
    const { decision } = outcome;
    let applied = false;
    if (decision.apply) {
      try {
        applied = await writer.scale(resource, target, decision);
      } catch (error) {
        if (!hasStatus(error, 409)) throw error;
        // Somebody changed the target meanwhile: what was seen is no longer so. Nothing is remembered of this look.
        logger.info({ resource: key }, 'the target changed while it was looked at; looking again');
        return conflictLookMs;
      }
    }
    if (applied) {
      const type = decision.reason === 'Fallback' ? 'Warning' : 'Normal';
      const change = `${decision.from} → ${decision.to} replicas. ${decision.message}`;
      await tell(resource, type, decision.action === 'ScaleUp' ? 'ScaledUp' : 'ScaledDown', change);
    }
    metrics.looked(key, outcome, applied);
    memories.set(key, { identity, state: outcome.state, statusAt: known?.statusAt ?? -Infinity });
    await writeStatus(resource, outcome, ownConditions(outcome, conflict), applied);
    if (conflict !== undefined) {
      await tell(resource, 'Warning', 'Conflict', `${conflict} scales the same target; this one only observes.`);
    }
    // On whole seconds, so that resources that are due about the same time ask Kafka together.
    const now = steadyMs();
    return Math.round(now / 1_000 + outcome.requeueAfterSeconds) * 1_000 - now;
  }

  async function observe(resource: ConsumerScaler, target: Workload): Promise<Observation> {
    const { consumerGroup, topics, kafka: address } = resource.spec;
    const { maxAgeSeconds } = specOf(resource, false).objective;
    const reading = await kafka
      .readerFor(resource.metadata.namespace, address)
      .then((reader) => reader.read({ group: consumerGroup, topics, maxAgeSeconds }))
      .catch((error: Error) => ({ unavailable: error.message }));
    return {
      atSeconds: steadyMs() / 1_000,
      workload: { replicas: replicasOf(target), rolloutInProgress: isRollingOut(target) },
      kafka: reading,
    };
  }

  async function writeStatus(
    resource: ConsumerScaler,
    outcome: Outcome | undefined,
    own: Parameters<typeof writtenStatus>[2],
    applied: boolean,
  ): Promise<void> {
    const key = `${resource.metadata.namespace}/${resource.metadata.name}`;
    const now = steadyMs();
    const memory = memories.get(key);
    // What a person reads is the time of the day; so is what Kafka is asked by.
    const status = writtenStatus(resource, outcome?.status, own, applied, Date.now());
    const everyMs = (outcome?.status.lag?.messages ?? 0) > 0 ? statusEveryMs.behind : statusEveryMs.idle;
    const due = now - (memory?.statusAt ?? -Infinity) >= everyMs;
    if ((!due && !isNews(resource.status, status)) || !isLeader()) return;
    if (outcome === undefined && !isNews(resource.status, status)) return;
    await api.patch(resourcePath(resource, 'status'), statusPatch(resource.status, status)).catch((error: unknown) => {
      // Deleted meanwhile.
      if (!hasStatus(error, 404)) throw error;
    });
    if (memory !== undefined) memories.set(key, { ...memory, statusAt: now });
  }

  const tell = (resource: ConsumerScaler, type: 'Normal' | 'Warning', reason: string, message: string) =>
    events.record(cluster.reference(resource), type, reason, message);

  return { reconcile };
}

function ownConditions({ status, decision }: Outcome, conflict: string | undefined) {
  const unknown = status.conditions.find(({ type }) => type === 'LagKnown');
  const ready =
    conflict !== undefined
      ? condition('Ready', 'False', 'Conflict', `${conflict} scales the same target.`)
      : unknown?.status === 'True'
        ? condition('Ready', 'True', 'Deciding', decision.message)
        : condition('Ready', 'False', 'LagUnknown', unknown?.message ?? '');
  const clash =
    conflict === undefined
      ? condition('Conflict', 'False', 'SoleOwner', 'Nobody else scales the target.')
      : condition('Conflict', 'True', 'OwnedByAnother', `${conflict} scales the same target.`);
  return [ready, clash];
}

/** What an earlier run of the operator had measured, if the resource has not been changed since. */
function learnedBefore({ status, metadata }: ConsumerScaler) {
  if (status?.observedGeneration !== metadata.generation) return undefined;
  const { capacityPerReplicaPerSecond, rebalanceSeconds } = status ?? {};
  return {
    ...(capacityPerReplicaPerSecond === undefined ? {} : { capacityPerReplicaPerSecond }),
    ...(rebalanceSeconds === undefined ? {} : { rebalanceSeconds }),
  };
}
