import { readConfig, runService } from '@order-pipeline/service-host';
import { settings } from './config.ts';
import { createDashboardService } from './service.ts';

await runService({ config: () => readConfig(settings), build: createDashboardService });
