/** The observed state of the cluster without requests: five collections, each kept current by a watch. */
import type { Logger } from '@order-pipeline/runtime';
import type { KubeApi, KubeObject } from './api-client.ts';
import { collectionPath } from './api-path.ts';
import { apiVersion, kind, plural, type ConsumerScaler, type TargetRef } from './custom-resource.ts';
import { withoutPods, workloadResources, type OtherScaler, type Workload } from './targets.ts';
import { keyOf, WatchedCollection, type WatchObserver } from './watched-collection.ts';

interface CacheOptions {
  readonly api: KubeApi;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly relistSeconds: number;
  readonly logger: Logger;
  readonly observer: WatchObserver;
}

/** What is watched of a kind: its collection, the part of an object that is kept, and which changes matter. */
interface WatchedKind<T> {
  readonly kind: string;
  readonly groupVersion: string;
  readonly resource: string;
  keep(object: T): T;
  onChange(key: string, object: T): void;
  readonly optional?: boolean;
}

export class ClusterCache {
  readonly #options: CacheOptions;
  #onChange: (key: string) => void = () => {};
  readonly #scalers: WatchedCollection<ConsumerScaler>;
  readonly #deployments: WatchedCollection<Workload>;
  readonly #statefulSets: WatchedCollection<Workload>;
  readonly #autoscalers: WatchedCollection<OtherScaler>;
  readonly #scaledObjects: WatchedCollection<OtherScaler>;
  /** The last change of each resource and of each workload that led to a reconciliation. */
  readonly #scalerVersions = new Map<string, string>();
  readonly #generations = new Map<string, number | undefined>();

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#scalers = this.#watch<ConsumerScaler>({
      kind,
      groupVersion: apiVersion,
      resource: plural,
      keep: withoutManagedFields,
      onChange: (key, scaler) => this.#onScaler(key, scaler),
    });
    this.#deployments = this.#watchWorkloads('Deployment');
    this.#statefulSets = this.#watchWorkloads('StatefulSet');
    this.#autoscalers = this.#watchOtherScalers(
      'HorizontalPodAutoscaler',
      'autoscaling/v2',
      'horizontalpodautoscalers',
    );
    // The kind of KEDA may not be installed.
    this.#scaledObjects = this.#watchOtherScalers('ScaledObject', 'keda.sh/v1alpha1', 'scaledobjects', true);
  }

  /** By `namespace/name`. */
  get scalers(): ReadonlyMap<string, ConsumerScaler> {
    return this.#scalers.objects;
  }

  get consumerScalers(): Iterable<ConsumerScaler> {
    return this.#scalers.objects.values();
  }

  get horizontalPodAutoscalers(): Iterable<OtherScaler> {
    return this.#autoscalers.objects.values();
  }

  get scaledObjects(): Iterable<OtherScaler> {
    return this.#scaledObjects.objects.values();
  }

  targetOf({ metadata, spec }: ConsumerScaler): Workload | undefined {
    const { objects } = spec.targetRef.kind === 'StatefulSet' ? this.#statefulSets : this.#deployments;
    return objects.get(keyOf({ metadata: { namespace: metadata.namespace, name: spec.targetRef.name } }));
  }

  /** Every collection was listed: an object that is not in it does not exist. */
  isSynced(): boolean {
    return this.#all().every((collection) => collection.isSynced());
  }

  /** Calls `onChange` with the key of a resource when it, or an object that it depends on, may have changed. */
  start(onChange: (key: string) => void): void {
    this.#onChange = onChange;
    for (const collection of this.#all()) collection.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all().map((collection) => collection.stop()));
  }

  #all(): readonly Pick<WatchedCollection<KubeObject>, 'isSynced' | 'start' | 'stop'>[] {
    return [this.#deployments, this.#statefulSets, this.#autoscalers, this.#scaledObjects, this.#scalers];
  }

  #watch<T extends KubeObject>({ groupVersion, resource, ...rest }: WatchedKind<T>): WatchedCollection<T> {
    const { api, namespace, relistSeconds, logger, observer } = this.#options;
    const path = collectionPath({ groupVersion, resource, namespace });
    return new WatchedCollection<T>({ api, path, relistSeconds, logger, observer, ...rest });
  }

  #watchWorkloads(kind: TargetRef['kind']): WatchedCollection<Workload> {
    return this.#watch<Workload>({
      kind,
      groupVersion: 'apps/v1',
      resource: workloadResources[kind],
      keep: withoutPods,
      onChange: (key, workload) => this.#onWorkload(kind, key, workload),
    });
  }

  #watchOtherScalers(kind: string, groupVersion: string, resource: string, optional = false) {
    return this.#watch<OtherScaler>({
      kind,
      groupVersion,
      resource,
      keep: ({ metadata, spec }) => ({
        ...withoutManagedFields({ metadata }),
        spec: { scaleTargetRef: spec.scaleTargetRef },
      }),
      onChange: (_, { metadata, spec }) =>
        this.#enqueue(metadata.namespace, (scaler) => scaler.spec.targetRef.name === spec.scaleTargetRef.name),
      optional,
    });
  }

  #onScaler(key: string, { metadata }: ConsumerScaler): void {
    // A change of its status, or of its metadata only, is no reason to reconcile.
    const version = `${metadata.uid} ${metadata.generation} ${metadata.deletionTimestamp}`;
    const deleted = !this.#scalers.objects.has(key);
    if (!deleted && this.#scalerVersions.get(key) === version) return;
    if (deleted) this.#scalerVersions.delete(key);
    else this.#scalerVersions.set(key, version);
    this.#onChange(key);
    // It may have been the conflict of another resource.
    if (deleted) this.#enqueue(metadata.namespace, () => true);
  }

  #onWorkload(kind: TargetRef['kind'], key: string, { metadata }: Workload): void {
    // Only a change of its spec matters: the status changes with every pod.
    const id = `${kind} ${key}`;
    if (this.#generations.get(id) === metadata.generation) return;
    this.#generations.set(id, metadata.generation);
    this.#enqueue(
      metadata.namespace,
      ({ spec }) => spec.targetRef.kind === kind && spec.targetRef.name === metadata.name,
    );
  }

  #enqueue(namespace: string | undefined, matches: (scaler: ConsumerScaler) => boolean): void {
    for (const [key, scaler] of this.#scalers.objects) {
      if (scaler.metadata.namespace === namespace && matches(scaler)) this.#onChange(key);
    }
  }
}

/** Without the record of who set which field, which is as large as the object itself. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as T['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}
