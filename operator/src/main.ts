import { KubeConfig } from '@kubernetes/client-node';
import { readConfig, runService } from '@order-pipeline/runtime';
import { settings } from './config.ts';
import { createConsumerScaler } from './service.ts';

const kubeConfig = new KubeConfig();
kubeConfig.loadFromDefault();
await runService({ config: () => readConfig(settings), build: (config) => createConsumerScaler(config, kubeConfig) });
