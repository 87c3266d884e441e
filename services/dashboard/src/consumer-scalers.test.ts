/** Against a local HTTP server, because the test verifies the requests to the API server. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { createScalerSource, replicasOf, scalerResource } from './consumer-scalers.ts';

const scaler = {
  metadata: { name: 'payment' },
  spec: { consumerGroup: 'payment-service', minReplicas: 1 },
  status: {
    replicas: 2,
    desiredReplicas: 5,
    lag: { messages: 900 },
    lastDecision: {
      action: 'ScaleUp',
      reason: 'BehindObjective',
      message: 'The lag is 900 records.',
      at: '2026-01-01T00:00:00Z',
    },
  },
};
const shown = { wanted: 5, had: 2, reason: 'BehindObjective', message: 'The lag is 900 records.' };

test('reads the desired and actual replicas and the reason from the status', () => {
  expect(replicasOf({ items: [scaler] })).toEqual(new Map([['payment-service', shown]]));
});

test('reads a resource without a status as one with unknown replicas', () => {
  const unreconciled = { spec: { consumerGroup: 'order-service' } };
  expect([...replicasOf({ items: [unreconciled] }).values()]).toEqual([
    { wanted: null, had: null, reason: null, message: null },
  ]);
});

test('rejects a response that is not a list of ConsumerScalers', () => {
  expect(() => replicasOf({ kind: 'Status' })).toThrow(/items/);
});

test('reads only fields that the CRD defines', () => {
  const file = new URL('../../../helm/consumer-scaler/crds/consumerscalers.yaml', import.meta.url);
  const { spec } = parse(readFileSync(file, 'utf8'));
  const [version] = spec.versions;
  expect({ group: spec.group, version: version.name, plural: spec.names.plural }).toEqual(scalerResource);
  const { properties } = version.schema.openAPIV3Schema;
  expect(Object.keys(properties.spec.properties)).toContain('consumerGroup');
  const status = properties.status.properties;
  expect(Object.keys(status)).toEqual(expect.arrayContaining(['replicas', 'desiredReplicas', 'lastDecision']));
  expect(Object.keys(status.lastDecision.properties)).toEqual(expect.arrayContaining(['reason', 'message']));
});

describe('a request to the API server', () => {
  let server: Server;
  let accessDir: string;
  let requests: IncomingMessage[] = [];
  let reply: { status: number; body: unknown };
  const source = () =>
    createScalerSource({ apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, accessDir });

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request);
      response.writeHead(reply.status).end(JSON.stringify(reply.body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    accessDir = mkdtempSync(join(tmpdir(), 'order-pipeline-access-'));
    writeFileSync(join(accessDir, 'namespace'), 'shop\n');
  });
  beforeEach(() => {
    requests = [];
    reply = { status: 200, body: { items: [scaler] } };
    writeFileSync(join(accessDir, 'token'), 'first\n');
  });
  afterAll(() => {
    server.close();
    rmSync(accessDir, { recursive: true, force: true });
  });

  test('lists the resources of its own namespace, with the current token', async () => {
    const { read } = source();
    expect(await read()).toEqual(new Map([['payment-service', shown]]));
    writeFileSync(join(accessDir, 'token'), 'second\n');
    await read();
    expect(requests[0]?.url).toBe('/apis/scaling.orderpipeline.dev/v1alpha1/namespaces/shop/consumerscalers?limit=500');
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  test.each(['..', '../kube-system', '%2e%2e', 'shop?x', 'shop#x', ''])(
    'is not sent when the namespace is %j',
    async (name) => {
      const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-access-'));
      writeFileSync(join(dir, 'token'), 'first');
      writeFileSync(join(dir, 'namespace'), name);
      const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expect(createScalerSource({ apiUrl, accessDir: dir }).read()).rejects.toThrow('invalid name');
      expect(requests).toEqual([]);
      rmSync(dir, { recursive: true });
    },
  );

  test('rejects with the message of the API server when it is forbidden', async () => {
    reply = { status: 403, body: { message: 'consumerscalers is forbidden' } };
    await expect(source().read()).rejects.toThrow('the API server responds 403: consumerscalers is forbidden');
  });

  test('requires the certificate authority of the pod over https', async () => {
    const { read } = createScalerSource({ apiUrl: 'https://127.0.0.1:1', accessDir });
    await expect(read()).rejects.toThrow(/ca\.crt/);
  });
});
