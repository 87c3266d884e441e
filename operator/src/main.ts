import { readConfig, runService } from '@order-pipeline/runtime';
import { settings } from './config.ts';
import { createConsumerScaler } from './service.ts';

await runService({ config: () => readConfig(settings), build: (config) => createConsumerScaler(config) });
