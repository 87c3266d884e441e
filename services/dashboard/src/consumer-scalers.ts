/**
 * The actual and desired replicas from the status of the ConsumerScalers: one GET of the Kubernetes API with the pod's own
 * credentials. A client for the whole API would be larger than the dashboard itself.
 */
import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { z } from 'zod';
import type { ReplicaSource } from './group-monitor.ts';
import type { GroupView } from './views.ts';

/** As helm/consumer-scaler/crds defines it; a test compares them. */
export const scalerResource = { group: 'scaling.orderpipeline.dev', version: 'v1alpha1', plural: 'consumerscalers' };

/** The fields that are read, optional as in the CRD: a resource has no status before its first reconciliation. */
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
  /** The folder in which the kubelet renews `token`, `namespace` and `ca.crt`. */
  readonly accessDir: string;
}

/** A DNS label of RFC 1123: it is a segment of the request's path and must stay one. */
const namespaceName = z
  .string()
  .trim()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/u, 'the namespace has an invalid name');

const timeoutMs = 2_000;
const maxBytes = 4 * 1_024 * 1_024;
/** More than a pipeline has consumer groups. */
const maxScalers = 500;

export function createScalerSource({ apiUrl, accessDir }: ScalerSourceOptions): ReplicaSource {
  const readAccessFile = (name: string): Promise<string> => readFile(join(accessDir, name), 'utf8');
  return {
    async read() {
      // For each request, because the kubelet rotates them.
      const [token, namespace, ca] = await Promise.all([
        readAccessFile('token'),
        readAccessFile('namespace'),
        apiUrl.startsWith('https:') ? readAccessFile('ca.crt') : undefined,
      ]);
      const { group, version, plural } = scalerResource;
      const path = `/apis/${group}/${version}/namespaces/${namespaceName.parse(namespace)}/${plural}?limit=${maxScalers}`;
      return replicasOf(JSON.parse(await get(`${apiUrl}${path}`, token.trim(), ca)));
    },
  };
}

/** By consumer group. Throws when the value is not a list of ConsumerScalers. */
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

/** Not `fetch`, which cannot be given a certificate authority. */
function get(url: string, token: string, ca: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    headers: { Accept: 'application/json', Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(timeoutMs),
  };
  const request = ca === undefined ? plainRequest(url, options) : tlsRequest(url, { ...options, ca });
  request.once('error', reject).once('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.length > maxBytes) request.destroy(new Error('the response is too large'));
    });
    response.once('error', reject).once('end', () => {
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`the API server responds ${response.statusCode}${messageOf(text)}`));
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
