import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { TracingOptions } from './tracing.ts';

const options: TracingOptions = {
  service: 'order',
  instance: 'order-1',
  protocol: 'http/json',
  sampler: 'parentbased_always_on',
  ratio: 1,
  onTrouble() {},
};

afterEach(() => void jest.resetModules());

describe('tracing that is not started', () => {
  test('does not load the SDK, and its spans record nothing', async () => {
    let loads = 0;
    jest.unstable_mockModule('./sdk.ts', () => {
      loads += 1;
      return { startSdk: () => async () => {} };
    });
    const { createTracing } = await import('./tracing.ts');
    const tracing = createTracing(options);
    expect(tracing.tracer.startSpan('a span').isRecording()).toBe(false);
    await tracing.stop();
    expect(loads).toBe(0);
    await tracing.start();
    expect(loads).toBe(1);
  });
});

test('stopping ends the SDK that was started', async () => {
  const started: TracingOptions[] = [];
  let stops = 0;
  jest.unstable_mockModule('./sdk.ts', () => ({
    startSdk(given: TracingOptions) {
      started.push(given);
      return async () => void (stops += 1);
    },
  }));
  const { createTracing } = await import('./tracing.ts');
  const tracing = createTracing(options);
  await tracing.start();
  expect(started).toEqual([options]);
  expect(stops).toBe(0);
  await tracing.stop();
  expect(stops).toBe(1);
});
