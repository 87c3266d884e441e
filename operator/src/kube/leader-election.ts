/** Leader election by a Lease, after client-go's: only the holder works, and a leader that cannot renew it in time exits. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@order-pipeline/runtime';
import { hasStatus, type KubeApi, type KubeObject } from './api-client.ts';
import { collectionPath, objectPath } from './api-path.ts';

type Lease = KubeObject & {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
};

interface LeaseOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly logger: Logger;
  readonly durationSeconds: number;
  readonly renewDeadlineSeconds: number;
  readonly retrySeconds: number;
}

interface Callbacks {
  onLeading(): void;
  /** The lease was not renewed in time, or another replica acquired it: this process must not write any more. */
  onLost(error: Error): void;
}

const kind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

export class LeaderElection {
  readonly #options: LeaseOptions;
  readonly #collection: { readonly groupVersion: string; readonly resource: string; readonly namespace: string };
  readonly #path: ReturnType<typeof objectPath>;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #renewedAt = -Infinity;
  #leading = false;
  /** Clocks differ: a lease has expired when it did not change for its duration by the clock of this process. */
  #observed: { readonly version: string | undefined; readonly atMs: number } | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    const { namespace, name } = options;
    this.#collection = { groupVersion: kind.apiVersion, resource: 'leases', namespace };
    this.#path = objectPath(this.#collection, name);
  }

  /** True while the lease was renewed within the deadline; checked before each write. */
  isLeader(): boolean {
    return this.#leading && performance.now() - this.#renewedAt < this.#options.renewDeadlineSeconds * 1_000;
  }

  start(callbacks: Callbacks): void {
    this.#running ??= this.#run(callbacks);
  }

  /** Releases the lease, so that another replica acquires it at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    if (!this.isLeader()) return;
    this.#leading = false;
    const { identity, logger, name } = this.#options;
    try {
      await this.#release(identity);
    } catch (error) {
      logger.warn({ err: error, lease: name }, 'releasing the lease failed; it expires instead');
    }
  }

  async #run({ onLeading, onLost }: Callbacks): Promise<void> {
    const { name, logger, renewDeadlineSeconds, retrySeconds } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const held = await this.#acquireOrRenew();
        if (this.#leading && !held) {
          this.#leading = false;
          return onLost(new Error('another replica acquired the lease'));
        }
        if (held && !this.#leading && !signal.aborted) {
          this.#leading = true;
          logger.info({ lease: name }, 'acquired the lease');
          onLeading();
        }
      } catch (error) {
        // A conflict is the write of another replica; the next attempt reads it.
        if (!hasStatus(error, 409)) {
          logger.warn({ err: error, lease: name }, 'acquiring or renewing the lease failed');
        }
      }
      if (this.#leading && !this.isLeader()) {
        this.#leading = false;
        return onLost(new Error(`the lease was not renewed within ${renewDeadlineSeconds} s`));
      }
      await pause(retrySeconds * 1_000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** True if this process holds the lease now. */
  async #acquireOrRenew(): Promise<boolean> {
    const askedAt = performance.now();
    const lease = await this.#options.api.get<Lease>(this.#path).catch((error: unknown) => {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    });
    if (lease !== undefined && this.#isHeldByAnother(lease, askedAt)) return false;
    await (lease === undefined ? this.#create() : this.#update(lease));
    // From before the request: the server may have written the lease at any time since.
    this.#renewedAt = askedAt;
    return true;
  }

  #isHeldByAnother({ metadata, spec = {} }: Lease, nowMs: number): boolean {
    const { resourceVersion } = metadata;
    if (this.#observed?.version !== resourceVersion) this.#observed = { version: resourceVersion, atMs: nowMs };
    const { holderIdentity = '', leaseDurationSeconds = this.#options.durationSeconds } = spec;
    if (holderIdentity === this.#options.identity || holderIdentity === '') return false;
    return nowMs - this.#observed!.atMs < leaseDurationSeconds * 1_000;
  }

  async #create(): Promise<void> {
    const { api, name, namespace } = this.#options;
    const spec = { ...this.#ownSpec(), acquireTime: microTime(), leaseTransitions: 0 };
    await api.create(collectionPath(this.#collection), { ...kind, metadata: { name, namespace }, spec });
  }

  async #update(lease: Lease): Promise<void> {
    const { spec = {} } = lease;
    const acquired =
      spec.holderIdentity === this.#options.identity
        ? {}
        : { acquireTime: microTime(), leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
    await this.#options.api.replace(this.#path, { ...lease, spec: { ...spec, ...this.#ownSpec(), ...acquired } });
  }

  async #release(identity: string): Promise<void> {
    const { api } = this.#options;
    const lease = await api.get<Lease>(this.#path);
    if (lease.spec?.holderIdentity !== identity) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() };
    await api.replace(this.#path, { ...lease, spec });
  }

  #ownSpec() {
    const { identity, durationSeconds } = this.#options;
    return { holderIdentity: identity, leaseDurationSeconds: durationSeconds, renewTime: microTime() };
  }
}

/** As Kubernetes' MicroTime. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
