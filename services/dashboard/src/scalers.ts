/**
 * Replicas wanted and had, as the consumer scaler writes them into its resources: one GET of the Kubernetes API, with what
 * a pod is given for it. A client for the whole API would weigh more than the dashboard itself.
 */
import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { z } from 'zod';
import type { ReplicaSource } from './group-watch.ts';
import type { GroupView } from './views.ts';

/** helm/consumer-scaler/crds; a test compares them. */
export const scalerResource = { group: 'scaling.orderpipeline.dev', version: 'v1alpha1', plural: 'consumerscalers' };

/** What is read of them, and optional as there: a resource that nobody has looked at yet has no status. */
const scalerList = z.object({
  items: z.array(
    z.object({
      spec: z.object({ consumerGroup: z.string() }),
      status: z
        .object({
          replicas: z.int().nullish(),
          desiredReplicas: z.int().nullish(),
          lastDecision: z.object({ reason: z.string(), message: z.string().nullish() }).nullish(),
        })
        .optional(),
    }),
  ),
});

export interface ScalerSourceOptions {
  readonly apiUrl: string;
  /** Where the kubelet keeps `token`, `namespace` and `ca.crt` up to date. */
  readonly accessDir: string;
}

/** A DNS label of RFC 1123: it becomes a segment of the path, and must not leave that. */
const namespaceName = z
  .string()
  .trim()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/u, 'the namespace has an invalid name');

const limitMs = 2_000;
const maxBytes = 4 * 1_024 * 1_024;
/** A pipeline has a handful. */
const maxScalers = 500;

export function createScalerSource({ apiUrl, accessDir }: ScalerSourceOptions): ReplicaSource {
  const access = (name: string): Promise<string> => readFile(join(accessDir, name), 'utf8');
  return {
    async read() {
      // Each time, because they are rotated.
      const [token, namespace, ca] = await Promise.all([
        access('token'),
        access('namespace'),
        apiUrl.startsWith('https:') ? access('ca.crt') : undefined,
      ]);
      const { group, version, plural } = scalerResource;
      const path = `/apis/${group}/${version}/namespaces/${namespaceName.parse(namespace)}/${plural}?limit=${maxScalers}`;
      return replicasOf(JSON.parse(await get(`${apiUrl}${path}`, token.trim(), ca)));
    },
  };
}

/** By consumer group. Throws when it is no list of ConsumerScalers. */
export function replicasOf(list: unknown): Map<string, NonNullable<GroupView['replicas']>> {
  return new Map(
    scalerList.parse(list).items.map(({ spec, status }) => [
      spec.consumerGroup,
      {
        wanted: status?.desiredReplicas ?? null,
        had: status?.replicas ?? null,
        reason: status?.lastDecision?.reason ?? null,
        message: status?.lastDecision?.message ?? null,
      },
    ]),
  );
}

/** fetch takes no authority of one's own. */
function get(url: string, token: string, ca: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    headers: { Accept: 'application/json', Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(limitMs),
  };
  const request = ca === undefined ? plainRequest(url, options) : tlsRequest(url, { ...options, ca });
  request.once('error', reject).once('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > maxBytes) request.destroy(new Error('the answer is too large'));
    });
    response.once('error', reject).once('end', () => {
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`the API server answers ${response.statusCode}${messageOf(text)}`));
    });
  });
  request.end();
  return promise;
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return message === undefined ? '' : `: ${message}`;
  } catch {
    return '';
  }
}
