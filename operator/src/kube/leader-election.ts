/** Leader election by a Lease, after client-go's: who holds it works, and who cannot renew it in time ends. */
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
  onLeading(): void;
  /** Not renewed in time, or taken by another: this process must not write any longer. */
  onLost(error: Error): void;
  readonly durationSeconds?: number;
  readonly renewDeadlineSeconds?: number;
  readonly retrySeconds?: number;
}

export interface LeaderElection {
  /** True while the lease was renewed within the deadline; asked before each write. */
  isLeader(): boolean;
  start(): void;
  /** Lets the next one lead at once. */
  stop(): Promise<void>;
}

export function createLeaderElection(options: LeaseOptions): LeaderElection {
  const { api, namespace, name, identity, logger, onLeading, onLost } = options;
  const { durationSeconds = 15, renewDeadlineSeconds = 10, retrySeconds = 2 } = options;
  const leases = { groupVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace };
  const path = objectPath(leases, name);
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let renewedAt = -Infinity;
  let leading = false;
  /** Clocks differ: a lease has run out when it did not change for its time by our own. */
  let observed: { readonly version: string | undefined; readonly atMs: number } | undefined;

  const isLeader = (): boolean => leading && performance.now() - renewedAt < renewDeadlineSeconds * 1_000;
  const now = (): string => new Date().toISOString().replace('Z', '000Z');

  async function tryToHold(): Promise<boolean> {
    const askedAt = performance.now();
    const lease = await api.get<Lease>(path).catch((error: unknown) => {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    });
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: durationSeconds,
      renewTime: now(),
    };
    if (lease === undefined) {
      const metadata = { name, namespace };
      const created = { acquireTime: now(), leaseTransitions: 0 };
      const kind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
      await api.create(collectionPath(leases), { ...kind, metadata, spec: { ...spec, ...created } });
    } else {
      const { resourceVersion } = lease.metadata;
      if (observed?.version !== resourceVersion) observed = { version: resourceVersion, atMs: askedAt };
      const holder = lease.spec?.holderIdentity ?? '';
      const heldMs = (lease.spec?.leaseDurationSeconds ?? durationSeconds) * 1_000;
      const mine = holder === identity;
      if (!mine && holder !== '' && askedAt - observed!.atMs < heldMs) return false;
      const taken = mine ? {} : { acquireTime: now(), leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1 };
      await api.replace(path, { ...lease, spec: { ...lease.spec, ...spec, ...taken } });
    }
    // From when it was asked: the server may have written it any time since.
    renewedAt = askedAt;
    return true;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const held = await tryToHold();
        if (leading && !held) return lose(new Error('another replica has taken the lease'));
        if (held && !leading && !stopping.signal.aborted) {
          leading = true;
          logger.info({ lease: name }, 'leading');
          onLeading();
        }
      } catch (error) {
        // A conflict is somebody else's success; the next try sees it.
        if (!hasStatus(error, 409)) logger.warn({ err: error, lease: name }, 'the lease could not be had or renewed');
      }
      if (leading && !isLeader()) return lose(new Error(`the lease was not renewed within ${renewDeadlineSeconds} s`));
      await pause(retrySeconds * 1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function lose(error: Error): void {
    leading = false;
    onLost(error);
  }

  return {
    isLeader,
    start: () => void (running ??= run()),
    async stop() {
      stopping.abort();
      await running;
      if (!isLeader()) return;
      leading = false;
      try {
        const lease = await api.get<Lease>(path);
        if (lease.spec?.holderIdentity !== identity) return;
        const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now() };
        await api.replace(path, { ...lease, spec });
      } catch (error) {
        logger.warn({ err: error, lease: name }, 'the lease was not released and has to run out');
      }
    },
  };
}
