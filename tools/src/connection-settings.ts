/**
 * Where Kafka and MongoDB are: as the environment says, in the services' own variables; else where the last `npm start`
 * ran them, by its data folder; else on the usual ports of this machine.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readConfig } from '@order-pipeline/runtime';
import { pipelineSettings } from '@order-pipeline/service';
import type { Terminal } from './command-line.ts';
import { rememberedEngines } from './remembered-engines.ts';

const settings = z.object(pipelineSettings);

export interface ConnectionSettings {
  readonly config: z.output<typeof settings>;
  /** Of the cluster that `npm start` keeps, where that one is used. */
  readonly clusterId: string | undefined;
}

export const defaultDataDir = join(import.meta.dirname, '../../.data');

/** Throws a ConfigError: remembered addresses are checked by the same rules as those of the environment. */
export function connectionSettings({ env }: Pick<Terminal, 'env'>, dataDir: string): ConnectionSettings {
  const remembered = rememberedEngines(dataDir);
  const isSet = (name: string): boolean => (env[name] ?? '').trim() !== '';
  const kafka = isSet('KAFKA_BOOTSTRAP_SERVERS') ? undefined : remembered.kafka;
  const mongoUri = isSet('MONGODB_URI') ? undefined : remembered.mongoUri;
  return {
    config: readConfig(settings, {
      ...env,
      ...(kafka && { KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers }),
      ...(mongoUri !== undefined && { MONGODB_URI: mongoUri }),
    }),
    clusterId: kafka?.clusterId,
  };
}

export const remedy = (variable: string): string => `start the pipeline with npm start, or set ${variable}`;
