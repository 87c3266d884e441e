/** Without a collector no module of the tracing SDK is loaded; the standard variables configure it. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

const repository = resolve(import.meta.dirname, '../..');
const unreachableKafka = 'localhost:1';
const unreachableMongo = 'mongodb://127.0.0.1:1/?replicaSet=rs0&serverSelectionTimeoutMS=100';

/** Starts the order service without Kafka and MongoDB, sends it an order, stops it, and prints the loaded modules. */
const script = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({
    load(url, context, next) {
      if (/@opentelemetry.(?!api)/.test(url)) loaded.push(url);
      return next(url, context);
    },
  });
  const { readConfig } = await import('./packages/runtime/src/index.ts');
  const { settings } = await import('./services/order/src/config.ts');
  const { createOrderService } = await import('./services/order/src/service.ts');
  const { lifecycle, http } = createOrderService(readConfig(settings));
  await lifecycle.start();
  const response = await fetch(http.url + '/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const metrics = await fetch(http.url + '/metrics');
  await lifecycle.stop();
  process.stdout.write(JSON.stringify({
    status: response.status,
    metrics: metrics.headers.get('content-type'),
    sdkModules: loaded.length,
  }) + '\\n');
  process.exit(0);
`;

interface Run {
  readonly status: number;
  readonly metrics: string;
  /** The number of loaded modules of OpenTelemetry, without its API. */
  readonly sdkModules: number;
  readonly log: readonly any[];
}

async function run(variables: NodeJS.ProcessEnv): Promise<Run> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: repository,
    timeout: 60_000,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      HOST: '127.0.0.1',
      KAFKA_BOOTSTRAP_SERVERS: unreachableKafka,
      MONGODB_URI: unreachableMongo,
      ...variables,
    },
  });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { ...lines.find(({ sdkModules }) => sdkModules !== undefined), log: lines };
}

const requests: { readonly url: string; readonly type: string; readonly body: Buffer }[] = [];
const collector = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    requests.push({
      url: request.url!,
      type: request.headers['content-type'] ?? '',
      body: Buffer.concat(parts),
    });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
});
let endpoint = '';
beforeAll(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
jest.setTimeout(60_000);
afterAll(() => {
  collector.close();
  collector.closeAllConnections();
});

describe('no SDK module is loaded', () => {
  test.each([
    ['without settings', {}],
    ['with the SDK disabled', { OTEL_SDK_DISABLED: 'true' }],
    ['without an exporter', { OTEL_TRACES_EXPORTER: 'none' }],
  ])('%s, and the metrics keep their format', async (_, variables) => {
    const settings = Object.keys(variables).length > 0 ? { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } : {};
    expect(await run({ ...settings, ...variables })).toMatchObject({
      status: 422,
      sdkModules: 0,
      metrics: expect.stringMatching(/^text\/plain/u),
    });
    expect(requests).toEqual([]);
  });
});

test('the last spans are exported before the process exits, in the standard format', async () => {
  const { sdkModules } = await run({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_SERVICE_NAME: 'renamed',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  expect(sdkModules).toBeGreaterThan(10);
  expect(requests).toEqual([{ url: '/v1/traces', type: 'application/x-protobuf', body: expect.any(Buffer) }]);
  const text = requests[0]!.body.toString('latin1');
  expect(text).toContain('POST /orders');
  expect(text).toContain('renamed');
});

test('an unreachable collector is logged, and requests are served', async () => {
  const { status, log } = await run({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1/v1/traces',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  expect(status).toBe(422);
  expect(log).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      endpoint: 'http://127.0.0.1:1/v1/traces',
      msg: 'traces are not delivered',
    }),
  );
});
