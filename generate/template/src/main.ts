import { readConfig, runService } from '@order-pipeline/runtime';
import { settings } from './config.ts';
import { createOrderNoteService } from './service.ts';

await runService({ config: () => readConfig(settings), build: createOrderNoteService });
