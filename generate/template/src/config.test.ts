import { expect, test } from '@jest/globals';
import { everyService } from '@order-pipeline/events';
import { ConfigError, readConfig } from '@order-pipeline/runtime';
import { settings } from './config.ts';

test('listens on the port of the registry, unless PORT sets another', () => {
  expect(readConfig(settings, {}).PORT).toBe(everyService.shipment.port);
  expect(readConfig(settings, { PORT: '9001' }).PORT).toBe(9001);
});

test('reports a port that is none', () => {
  expect(() => readConfig(settings, { PORT: 'http' })).toThrow(ConfigError);
});
