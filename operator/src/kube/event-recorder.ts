/** Events on a resource; the same one again is counted and not written anew, so that a fault that lasts fills no etcd. */
import { createHash } from 'node:crypto';
import type { Logger } from '@order-pipeline/runtime';
import { hasStatus, type KubeApi, type KubeMeta } from './api-client.ts';
import { collectionPath, objectPath, type KubePath } from './api-path.ts';

export interface EventRecorder {
  record(about: About, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void>;
}
type About = { readonly apiVersion: string; readonly kind: string; readonly metadata: KubeMeta };

const maxRemembered = 1_000;
/** A repetition is written at most this often. */
const repeatMs = 60_000;

export function createEventRecorder(api: KubeApi, instance: string, logger: Logger, now = Date.now): EventRecorder {
  const remembered = new Map<string, { path: KubePath; count: number; writtenAt: number }>();
  return {
    async record({ apiVersion, kind, metadata }, type, reason, message) {
      const { namespace = 'default', name, uid = '' } = metadata;
      const id = createHash('sha256')
        .update(JSON.stringify([uid, type, reason, message]))
        .digest('hex')
        .slice(0, 16);
      const timestamp = new Date(now()).toISOString().replace(/\.\d+Z$/u, 'Z');
      const events = { groupVersion: 'v1', resource: 'events', namespace };
      const known = remembered.get(id);
      try {
        if (known !== undefined) {
          known.count += 1;
          if (now() - known.writtenAt < repeatMs) return;
          known.writtenAt = now();
          await api.patch(known.path, { count: known.count, lastTimestamp: timestamp });
          return;
        }
        if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!);
        // No label of a name ends in a hyphen, and none is empty, wherever it was cut.
        const eventName = `${name.slice(0, 200).replace(/[-.]+$/u, '')}.${id}${now().toString(16)}`;
        remembered.set(id, { path: objectPath(events, eventName), count: 1, writtenAt: now() });
        await api.create(collectionPath(events), {
          metadata: { name: eventName, namespace },
          involvedObject: { apiVersion, kind, namespace, name, uid },
          type,
          reason,
          message,
          count: 1,
          firstTimestamp: timestamp,
          lastTimestamp: timestamp,
          source: { component: 'consumer-scaler' },
          reportingComponent: 'consumer-scaler',
          reportingInstance: instance,
        });
      } catch (error) {
        // It tells and does nothing: whoever reads finds the same in the conditions. Events expire under our feet.
        remembered.delete(id);
        if (!hasStatus(error, 404)) logger.warn({ err: error, reason }, 'an Event could not be written');
      }
    },
  };
}
