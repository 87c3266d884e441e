/** Tracing costs nothing where nobody asks for it: not a module is loaded. And it listens to the standard variables. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

const repository = resolve(import.meta.dirname, '../..');
const kafkaAway = 'localhost:1';
const mongoAway = 'mongodb://127.0.0.1:1/?replicaSet=rs0&serverSelectionTimeoutMS=100';

/** Starts the order service far from Kafka and MongoDB, asks it for an order, stops it; says what was loaded and logged. */
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
  const answer = await fetch(http.url + '/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const metrics = await fetch(http.url + '/metrics');
  await lifecycle.stop();
  process.stdout.write(JSON.stringify({
    status: answer.status,
    metrics: metrics.headers.get('content-type'),
    sdkModules: loaded.length,
  }) + '\\n');
  process.exit(0);
`;

interface Run {
  readonly status: number;
  readonly metrics: string;
  /** Modules of OpenTelemetry that were loaded, beside its API. */
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
      KAFKA_BOOTSTRAP_SERVERS: kafkaAway,
      MONGODB_URI: mongoAway,
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
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    requests.push({
      url: request.url!,
      type: request.headers['content-type'] ?? '',
      body: Buffer.concat(chunks),
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

describe('without a word', () => {
  test.each([
    ['nothing said', {}],
    ['the SDK disabled', { OTEL_SDK_DISABLED: 'true' }],
    ['no exporter', { OTEL_TRACES_EXPORTER: 'none' }],
  ])('of it, %s: no SDK, and metrics in the usual form', async (_, variables) => {
    const said = Object.keys(variables).length > 0 ? { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } : {};
    expect(await run({ ...said, ...variables })).toMatchObject({
      status: 422,
      sdkModules: 0,
      metrics: expect.stringMatching(/^text\/plain/u),
    });
    expect(requests).toEqual([]);
  });
});

test('with a collector, the last spans are delivered before the process ends, in the standard form', async () => {
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

test('a collector that is away is told of in the log, and stops nobody', async () => {
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
