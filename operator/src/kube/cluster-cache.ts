/** What the operator knows of the cluster without asking: five collections, each kept up to date by a watch. */
import type { Logger } from '@order-pipeline/runtime';
import { apiVersion, plural, type ConsumerScaler, type TargetRef } from './custom-resource.ts';
import type { KubeApi, KubeObject } from './api-client.ts';
import { collectionPath, objectPath, type KubePath } from './api-path.ts';
import { keyOf, watchCollection, type WatchObserver, type WatchedCollection } from './watched-collection.ts';
import { coreOf, workloadResources, type OtherScaler, type Workload } from './targets.ts';

interface ClusterOptions {
  readonly api: KubeApi;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly relistSeconds: number;
  readonly logger: Logger;
  readonly observer: WatchObserver;
  /** A resource, or what it is about, may have changed. */
  onDue(key: string): void;
}

export interface Cluster {
  readonly scalers: ReadonlyMap<string, ConsumerScaler>;
  readonly consumerScalers: Iterable<ConsumerScaler>;
  readonly horizontalPodAutoscalers: Iterable<OtherScaler>;
  readonly scaledObjects: Iterable<OtherScaler>;
  targetOf(resource: ConsumerScaler): Workload | undefined;
  reference(resource: ConsumerScaler): { apiVersion: string; kind: string; metadata: ConsumerScaler['metadata'] };
  isSynced(): boolean;
  start(): void;
  stop(): Promise<void>;
}

export const resourcePath = ({ metadata }: ConsumerScaler, subresource?: 'status'): KubePath =>
  objectPath({ groupVersion: apiVersion, resource: plural, namespace: metadata.namespace }, metadata.name, subresource);

/** Who set which field is as large as the object itself. */
function withoutManagers<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}

export function watchCluster({ namespace, onDue, ...common }: ClusterOptions): Cluster {
  const collection = <T extends KubeObject>(
    kind: string,
    groupVersion: string,
    resource: string,
    keep: (object: T) => T,
    onChange: (key: string, object: T) => void,
    optional = false,
  ): WatchedCollection<T> => {
    const path = collectionPath({ groupVersion, resource, namespace });
    return watchCollection<T>({ ...common, kind, path, keep, onChange, optional });
  };

  const versions = new Map<string, string>();
  const scalers = collection<ConsumerScaler>(
    'ConsumerScaler',
    apiVersion,
    plural,
    withoutManagers,
    (key, { metadata }) => {
      // Its own status and what merely touches metadata is no reason to look.
      const version = `${metadata.uid} ${metadata.generation} ${metadata.deletionTimestamp}`;
      const gone = !scalers.objects.has(key);
      if (!gone && versions.get(key) === version) return;
      if (gone) versions.delete(key);
      else versions.set(key, version);
      onDue(key);
      if (gone) dueAround(metadata.namespace, () => true);
    },
  );
  function dueAround(where: string | undefined, isMeant: (resource: ConsumerScaler) => boolean): void {
    for (const [key, resource] of scalers.objects) {
      if (resource.metadata.namespace === where && isMeant(resource)) onDue(key);
    }
  }
  /** Of a workload only what is wanted of it counts: its pods come and go all the time. */
  const generations = new Map<string, number | undefined>();
  const workloads = (kind: TargetRef['kind']) =>
    collection<Workload>(kind, 'apps/v1', workloadResources[kind], coreOf, (key, { metadata }) => {
      const id = `${kind} ${key}`;
      if (generations.get(id) === metadata.generation) return;
      generations.set(id, metadata.generation);
      dueAround(
        metadata.namespace,
        ({ spec }) => spec.targetRef.kind === kind && spec.targetRef.name === metadata.name,
      );
    });
  const others = (kind: string, groupVersion: string, resources: string, optional: boolean) =>
    collection<OtherScaler>(
      kind,
      groupVersion,
      resources,
      ({ metadata, spec }) => ({
        ...withoutManagers({ metadata }),
        spec: { scaleTargetRef: spec.scaleTargetRef },
      }),
      (_, { metadata, spec }) =>
        dueAround(metadata.namespace, (resource) => resource.spec.targetRef.name === spec.scaleTargetRef.name),
      optional,
    );

  const deployments = workloads('Deployment');
  const statefulSets = workloads('StatefulSet');
  const autoscalers = others('HorizontalPodAutoscaler', 'autoscaling/v2', 'horizontalpodautoscalers', false);
  const scaledObjects = others('ScaledObject', 'keda.sh/v1alpha1', 'scaledobjects', true);
  const all = [deployments, statefulSets, autoscalers, scaledObjects, scalers];

  return {
    scalers: scalers.objects,
    consumerScalers: { [Symbol.iterator]: () => scalers.objects.values() },
    horizontalPodAutoscalers: { [Symbol.iterator]: () => autoscalers.objects.values() },
    scaledObjects: { [Symbol.iterator]: () => scaledObjects.objects.values() },
    targetOf({ metadata, spec }) {
      const { objects } = spec.targetRef.kind === 'StatefulSet' ? statefulSets : deployments;
      return objects.get(keyOf({ metadata: { namespace: metadata.namespace, name: spec.targetRef.name } }));
    },
    reference: ({ metadata }) => ({ apiVersion, kind: 'ConsumerScaler', metadata }),
    // KEDA's kind may be unknown; it counts as listed once the API server has said so.
    isSynced: () => all.every((each) => each.isSynced()),
    start: () => all.forEach((each) => each.start()),
    stop: async () => void (await Promise.all(all.map((each) => each.stop()))),
  };
}
