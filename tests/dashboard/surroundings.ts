/** What the dashboard asks beside the pipeline: the auditor, and a stand-in of the API server with a scaler's resources. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { freePort } from '../../dev/ports.ts';
import { auditTool } from '../../tools/src/audit/tool.ts';
import { createAuthority } from '../support/authority.ts';
import type { TestPipeline } from '../support/pipeline.ts';
import { startTool } from '../tools/run-tool.ts';

const token = 'token-of-the-pod';
const path = '/apis/scaling.orderpipeline.dev/v1alpha1/namespaces/shop/consumerscalers';

/** What a look of the scaler came to: undefined for a resource that it has not looked at. */
export interface ScalerLook {
  readonly had: number;
  readonly wanted: number;
  readonly reason: string;
  readonly message: string;
}

export interface Surroundings {
  /** The dashboard's settings that lead to them. */
  readonly env: NodeJS.ProcessEnv;
  /** By consumer group; 'forbidden' answers 403. */
  scalers: Readonly<Record<string, ScalerLook | undefined>> | 'forbidden';
  /** Once the pipeline runs. Audits each second, until the tests are over. */
  audit(on: TestPipeline): void;
}

/** To be asked for before the pipeline that is to have the settings. */
export function useSurroundings(): Surroundings {
  const env: NodeJS.ProcessEnv = {};
  const surroundings: Surroundings = {
    env,
    scalers: {},
    audit(on) {
      const often = ['--every', '1s', '--metrics-port', String(auditorPort), '--recheck-after', '50ms'];
      audits = startTool(on, auditTool, stopping.signal, ...often).ended;
      audits.catch(() => undefined);
    },
  };
  const stopping = new AbortController();
  let auditorPort = 0;
  let audits: Promise<unknown> = Promise.resolve();
  let server: Server | undefined;
  const accessDir = mkdtempSync(join(tmpdir(), 'order-pipeline-access-'));

  beforeAll(async () => {
    auditorPort = await freePort();
    const apiPort = await freePort();
    const authority = createAuthority(join(accessDir, 'authority'));
    const { key, certificate } = authority.issue('kubernetes');
    writeFileSync(join(accessDir, 'ca.crt'), authority.certificate);
    writeFileSync(join(accessDir, 'token'), token);
    writeFileSync(join(accessDir, 'namespace'), 'shop');
    server = createServer({ key, cert: certificate }, (request, response) => {
      const allowed = surroundings.scalers !== 'forbidden' && request.headers.authorization === `Bearer ${token}`;
      if (!allowed) response.writeHead(403).end(JSON.stringify({ message: 'consumerscalers is forbidden' }));
      else if (request.url?.split('?')[0] === path) response.end(JSON.stringify(listOf(surroundings.scalers)));
      else response.writeHead(404).end('{}');
    }).listen(apiPort, '127.0.0.1');
    await once(server, 'listening');
    Object.assign(env, {
      AUDIT_METRICS_URL: `http://127.0.0.1:${auditorPort}/metrics`,
      KUBERNETES_API_URL: `https://127.0.0.1:${apiPort}`,
      KUBERNETES_ACCESS_DIR: accessDir,
    });
  });
  afterAll(async () => {
    stopping.abort();
    await audits.catch(() => undefined);
    server?.closeAllConnections();
    server?.close();
    rmSync(accessDir, { recursive: true, force: true });
  });
  return surroundings;
}

const listOf = (scalers: Surroundings['scalers']): object => ({
  kind: 'ConsumerScalerList',
  items: Object.entries(scalers).map(([consumerGroup, look]) => ({
    metadata: { name: consumerGroup, namespace: 'shop' },
    spec: { consumerGroup },
    ...(typeof look === 'object' && {
      status: {
        replicas: look.had,
        desiredReplicas: look.wanted,
        lastDecision: { reason: look.reason, message: look.message },
      },
    }),
  })),
});
