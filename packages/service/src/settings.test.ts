import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { configWarnings, describeSettings, readConfig } from '@order-pipeline/runtime';
import { outboxSettings, pipelineSettings, simulatedWorkSettings } from './settings.ts';

const all = z.object({ ...pipelineSettings, ...outboxSettings, ...simulatedWorkSettings('ORDER') });

describe('the settings of a service', () => {
  test('have defaults, and each has a description', () => {
    expect(readConfig(all, {})).toMatchObject({ CONSUMER_MAX_BATCH: 1_000, OUTBOX_SWEEP_AFTER_MS: 5_000 });
    for (const { description } of describeSettings(all)) expect(description).not.toBe('');
  });

  test('have the former name of the batch limit, which is still read, with a warning that names the new one', () => {
    const config = readConfig(all, { CONSUMER_MAX_CHUNK: '7' });
    expect(config.CONSUMER_MAX_BATCH).toBe(7);
    expect(configWarnings(config)).toEqual(['CONSUMER_MAX_CHUNK has a new name, CONSUMER_MAX_BATCH']);
  });

  test('name simulated work after the service', () => {
    const config = readConfig(all, { ORDER_WORK_MS: '20', ORDER_CONCURRENCY: '4' });
    expect([config.ORDER_WORK_MS, config.ORDER_CONCURRENCY]).toEqual([20, 4]);
  });

  test.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['KAFKA_SESSION_TIMEOUT_MS', '100'],
    ['HTTP_MAX_IN_FLIGHT', '-1'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => readConfig(all, { [name]: value })).toThrow(name);
  });
});
