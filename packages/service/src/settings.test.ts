import { expect, test } from '@jest/globals';
import { configWarnings, readConfig } from '@order-pipeline/runtime';
import { z } from 'zod';
import { pipelineSettings } from './settings.ts';

test('the former name of the batch limit is still read, with a warning that names the new one', () => {
  const config = readConfig(z.object(pipelineSettings), { CONSUMER_MAX_CHUNK: '7' });
  expect(config.CONSUMER_MAX_BATCH).toBe(7);
  expect(configWarnings(config)).toEqual(['CONSUMER_MAX_CHUNK has a new name, CONSUMER_MAX_BATCH']);
});
