import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { createLogger, readConfig } from '@order-pipeline/runtime';
import { pipelineSettings } from './settings.ts';
import { createTraces } from './tracing.ts';

const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' };
const tracesOf = (env: Record<string, string>) =>
  createTraces(
    services.order,
    readConfig(z.object(pipelineSettings), env),
    createLogger({ service: 'order', level: 'silent' }),
  );

describe('tracing', () => {
  test('is on where a variable names a collector', () => {
    expect(tracesOf(collector)?.component.name).toBe('tracing');
    expect(tracesOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' })).toBeDefined();
  });

  test.each([{}, { ...collector, OTEL_SDK_DISABLED: 'true' }, { ...collector, OTEL_TRACES_EXPORTER: 'none' }])(
    'is off with %j',
    (env) => {
      expect(tracesOf(env)).toBeUndefined();
    },
  );
});
