/** What the dashboard reads besides the pipeline: the auditor, and a stand-in for the Kubernetes API server. */
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

interface ScalerStatus {
  readonly had: number;
  readonly wanted: number;
  readonly reason: string;
  readonly message: string;
}

export interface ExternalSystems {
  /** The dashboard's settings for them. */
  readonly env: NodeJS.ProcessEnv;
  /** The ConsumerScalers by consumer group, undefined before the first reconciliation; 'forbidden' responds 403. */
  scalers: Readonly<Record<string, ScalerStatus | undefined>> | 'forbidden';
  /** Starts the auditor once the pipeline runs. It audits every second until the tests end. */
  audit(on: TestPipeline): void;
}

/** Call it before the pipeline is started with its settings. */
export function useExternalSystems(): ExternalSystems {
  const env: NodeJS.ProcessEnv = {};
  const stopping = new AbortController();
  const accessDir = mkdtempSync(join(tmpdir(), 'order-pipeline-access-'));
  let auditorPort = 0;
  let audits: Promise<unknown> = Promise.resolve();
  let server: Server | undefined;
  const systems: ExternalSystems = {
    env,
    scalers: {},
    audit(on) {
      const options = ['--every', '1s', '--metrics-port', String(auditorPort), '--recheck-after', '50ms'];
      audits = startTool(on, auditTool, stopping.signal, ...options).ended;
      audits.catch(() => undefined);
    },
  };

  beforeAll(async () => {
    auditorPort = await freePort();
    const apiPort = await freePort();
    server = apiServer(accessDir, () => systems.scalers).listen(apiPort, '127.0.0.1');
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
  return systems;
}

/** Serves the ConsumerScalers to requests with the token that it writes into the access folder. */
function apiServer(accessDir: string, scalers: () => ExternalSystems['scalers']): Server {
  const authority = createAuthority(join(accessDir, 'authority'));
  const { key, certificate } = authority.issue('kubernetes');
  writeFileSync(join(accessDir, 'ca.crt'), authority.certificate);
  writeFileSync(join(accessDir, 'token'), token);
  writeFileSync(join(accessDir, 'namespace'), 'shop');
  return createServer({ key, cert: certificate }, (request, response) => {
    const list = scalers();
    if (list === 'forbidden' || request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(403).end(JSON.stringify({ message: 'consumerscalers is forbidden' }));
    } else if (request.url?.split('?')[0] === path) response.end(JSON.stringify(scalerList(list)));
    else response.writeHead(404).end('{}');
  });
}

const scalerList = (scalers: Readonly<Record<string, ScalerStatus | undefined>>): object => ({
  kind: 'ConsumerScalerList',
  items: Object.entries(scalers).map(([consumerGroup, status]) => ({
    metadata: { name: consumerGroup, namespace: 'shop' },
    spec: { consumerGroup },
    ...(status && {
      status: {
        replicas: status.had,
        desiredReplicas: status.wanted,
        lastDecision: { reason: status.reason, message: status.message },
      },
    }),
  })),
});
