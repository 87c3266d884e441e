/**
 * Where the engines of the last `npm start` listen, as it stores that with their data, so that a tool in another terminal
 * finds them. The local runner's own code is not used for it, because the tools' image does not contain the runner.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether or not they run now. */
export interface RememberedEngines {
  readonly kafka?: { readonly bootstrapServers: string; readonly clusterId: string };
  readonly mongoUri?: string;
}

interface KafkaCluster {
  readonly clusterId: string;
  readonly cluster: readonly { readonly broker: number }[];
}

export function rememberedEngines(dataDir: string): RememberedEngines {
  const cluster = readJson(join(dataDir, 'kafka', 'cluster.json')) as KafkaCluster | undefined;
  const mongoPorts = readJson(join(dataDir, 'mongo', 'ports.json')) as number[] | undefined;
  return {
    ...(cluster && {
      kafka: { bootstrapServers: hosts(cluster.cluster.map(({ broker }) => broker)), clusterId: cluster.clusterId },
    }),
    ...(mongoPorts && { mongoUri: `mongodb://${hosts(mongoPorts)}/` }),
  };
}

function hosts(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}

function readJson(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
