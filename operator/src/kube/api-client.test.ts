import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeConfig, RequestContext, Watch, createConfiguration, HttpMethod } from '@kubernetes/client-node';
import { createKubeApi, hasStatus } from './api-client.ts';
import { collectionPath } from './api-path.ts';

let server: Server;
let connections = 0;
let lastUrl: string | undefined;
let answer: { status: number; body: string };
beforeEach(async () => {
  connections = 0;
  answer = { status: 200, body: '{"items":[],"metadata":{"resourceVersion":"7"}}' };
  server = createServer(({ url }, response) => {
    lastUrl = url;
    response.writeHead(answer.status).end(answer.body);
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function configOf(): KubeConfig {
  const config = new KubeConfig();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromOptions({
    clusters: [{ name: 'test', server: address, skipTLSVerify: true }],
    users: [{ name: 'test', token: 'secret' }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  });
  return config;
}

const requests = 20;
const things = collectionPath({ groupVersion: 'v1', resource: 'things' });

test('requests share a connection, although client-node opens one for each', async () => {
  const config = configOf();
  const { httpApi } = createConfiguration({});
  for (let i = 0; i < requests; i++) {
    const context = new RequestContext(`${config.getCurrentCluster()!.server}/api`, HttpMethod.GET);
    await config.applySecurityAuthentication(context);
    await (await httpApi.send(context).toPromise()).body.text();
  }
  // If this fails with a later version, SharedDispatcher is no longer needed.
  expect(connections).toBe(requests);
  connections = 0;
  const api = createKubeApi(configOf());
  for (let i = 0; i < requests; i++) await api.get(things);
  // The connection of a request may not be free yet when its response has been read.
  expect(connections).toBeLessThanOrEqual(2);
});

test('the server ends a watch before client-node gives up a silent connection', async () => {
  await createKubeApi(configOf()).watch(things, '7', () => {}, new AbortController().signal);
  const { searchParams } = new URL(lastUrl!, 'http://server');
  const { requestTimeoutMs } = new Watch(configOf()) as unknown as { requestTimeoutMs: number };
  expect(requestTimeoutMs).toBe(30_000);
  expect(Number(searchParams.get('timeoutSeconds')) * 1_000).toBeLessThan(requestTimeoutMs);
});

test('an error response is a KubeError with its status and message', async () => {
  answer = { status: 409, body: '{"message":"the object has been modified"}' };
  const failure = await createKubeApi(configOf())
    .get(things)
    .catch((error: unknown) => error);
  expect(hasStatus(failure, 409)).toBe(true);
  expect((failure as Error).message).toBe('GET /api/v1/things: the object has been modified');
});

test('an error response that is not JSON is a KubeError, too', async () => {
  answer = { status: 502, body: '<html>Bad gateway' };
  await expect(createKubeApi(configOf()).patch(things, {})).rejects.toMatchObject({ status: 502 });
});
