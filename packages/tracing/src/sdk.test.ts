import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { startSdk } from './sdk.ts';
import { contextOf } from './traceparent.ts';
import type { TracingOptions } from './tracing.ts';

const troubles: string[] = [];
const options: TracingOptions = {
  service: 'order',
  instance: 'order-1',
  protocol: 'http/json',
  sampler: 'always_on',
  ratio: 1,
  onTrouble: (message) => void troubles.push(message),
};
const sampledCaller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const unsampledCaller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

let stop: () => Promise<void> = async () => {};
beforeEach(() => {
  troubles.length = 0;
  // Nothing listens there.
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://127.0.0.1:1';
});
afterEach(async () => {
  await stop();
  trace.disable();
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
});

const isRecording = (traceparent?: string): boolean =>
  trace.getTracer('test').startSpan('a span', {}, contextOf(traceparent)).isRecording();

describe('a sampler', () => {
  test.each<[TracingOptions['sampler'], number, { alone: boolean; sampled: boolean; unsampled: boolean }]>([
    ['always_on', 1, { alone: true, sampled: true, unsampled: true }],
    ['always_off', 1, { alone: false, sampled: false, unsampled: false }],
    ['traceidratio', 1, { alone: true, sampled: true, unsampled: true }],
    ['traceidratio', 0, { alone: false, sampled: false, unsampled: false }],
    ['parentbased_always_on', 1, { alone: true, sampled: true, unsampled: false }],
    ['parentbased_always_off', 1, { alone: false, sampled: true, unsampled: false }],
    ['parentbased_traceidratio', 0, { alone: false, sampled: true, unsampled: false }],
  ])('%s with the ratio %d records %j', (sampler, ratio, expected) => {
    stop = startSdk({ ...options, sampler, ratio });
    expect({
      alone: isRecording(),
      sampled: isRecording(sampledCaller),
      unsampled: isRecording(unsampledCaller),
    }).toEqual(expected);
  });
});

test('stopping delivers the finished spans, under the name of the service', async () => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    bodies.push(body);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = startSdk(options);
  trace.getTracer('test').startSpan('a finished span').end();
  await stop();
  stop = async () => {};
  server.close();
  server.closeAllConnections();
  const [{ resourceSpans }] = bodies.map((body) => JSON.parse(body));
  const { attributes } = resourceSpans[0].resource;
  expect(attributes).toEqual(
    expect.arrayContaining([
      { key: 'service.name', value: { stringValue: 'order' } },
      { key: 'service.instance.id', value: { stringValue: 'order-1' } },
    ]),
  );
  expect(resourceSpans[0].scopeSpans[0].spans).toMatchObject([{ name: 'a finished span' }]);
  expect(troubles).toEqual([]);
});

test('a collector that is unreachable is reported once, however many batches fail', async () => {
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '100';
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '1';
  process.env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'] = '1';
  stop = startSdk(options);
  for (let count = 0; count < 3; count += 1) trace.getTracer('test').startSpan('a lost span').end();
  await stop();
  stop = async () => {};
  expect(troubles).toHaveLength(1);
});
