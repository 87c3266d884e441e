/** Kubernetes Events about a resource. A repeated Event is counted, not written again, so a lasting fault does not fill etcd. */
import { createHash } from 'node:crypto';
import type { Logger } from '@order-pipeline/runtime';
import { hasStatus, type KubeApi, type KubeMeta } from './api-client.ts';
import { collectionPath, objectPath, type KubePath } from './api-path.ts';

type InvolvedObject = { readonly apiVersion: string; readonly kind: string; readonly metadata: KubeMeta };
type EventType = 'Normal' | 'Warning';
type RecordedEvent = { readonly path: KubePath; count: number; writtenAt: number };

const component = 'consumer-scaler';
const maxRemembered = 1_000;
/** The count of a repeated Event is written at most this often. */
const repeatMs = 60_000;

export class EventRecorder {
  readonly #api: KubeApi;
  readonly #instance: string;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #recorded = new Map<string, RecordedEvent>();

  constructor(api: KubeApi, instance: string, logger: Logger, now = Date.now) {
    this.#api = api;
    this.#instance = instance;
    this.#logger = logger;
    this.#now = now;
  }

  async record(about: InvolvedObject, type: EventType, reason: string, message: string): Promise<void> {
    const id = createHash('sha256')
      .update(JSON.stringify([about.metadata.uid ?? '', type, reason, message]))
      .digest('hex')
      .slice(0, 16);
    const known = this.#recorded.get(id);
    try {
      await (known === undefined ? this.#create(id, about, type, reason, message) : this.#repeat(known));
    } catch (error) {
      // An Event has no effect, and the conditions contain the same. The API server deletes Events after a time.
      this.#recorded.delete(id);
      if (!hasStatus(error, 404)) this.#logger.warn({ err: error, reason }, 'writing an Event failed');
    }
  }

  async #repeat(known: RecordedEvent): Promise<void> {
    known.count += 1;
    if (this.#now() - known.writtenAt < repeatMs) return;
    known.writtenAt = this.#now();
    await this.#api.patch(known.path, { count: known.count, lastTimestamp: this.#timestamp() });
  }

  async #create(id: string, about: InvolvedObject, type: EventType, reason: string, message: string): Promise<void> {
    const { apiVersion, kind, metadata } = about;
    const { namespace = 'default', name, uid = '' } = metadata;
    const events = { groupVersion: 'v1', resource: 'events', namespace };
    const oldest = this.#recorded.keys().next().value;
    if (this.#recorded.size >= maxRemembered && oldest !== undefined) this.#recorded.delete(oldest);
    const eventName = eventNameOf(name, id, this.#now());
    this.#recorded.set(id, { path: objectPath(events, eventName), count: 1, writtenAt: this.#now() });
    const timestamp = this.#timestamp();
    await this.#api.create(collectionPath(events), {
      metadata: { name: eventName, namespace },
      involvedObject: { apiVersion, kind, namespace, name, uid },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      source: { component },
      reportingComponent: component,
      reportingInstance: this.#instance,
    });
  }

  #timestamp(): string {
    return new Date(this.#now()).toISOString().replace(/\.\d+Z$/u, 'Z');
  }
}

/** A long name is cut, and does not end in a hyphen or dot then, so that the whole stays a valid name. */
function eventNameOf(name: string, id: string, nowMs: number): string {
  return `${name.slice(0, 200).replace(/[-.]+$/u, '')}.${id}${nowMs.toString(16)}`;
}
