/**
 * Where the engines of the last `npm start` listen, as they keep it with their data, so that a tool in another terminal
 * finds them without being told. Read here and not by the runner's own code, which an image of the tools does not hold.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether or not they run now. */
export interface RememberedEngines {
  readonly kafka?: { readonly bootstrapServers: string; readonly clusterId: string };
  readonly mongoUri?: string;
}

export function rememberedEngines(dataDir: string): RememberedEngines {
  const cluster = read(join(dataDir, 'kafka', 'cluster.json')) as KafkaCluster | undefined;
  const mongoPorts = read(join(dataDir, 'mongo', 'ports.json')) as number[] | undefined;
  const hosts = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join(',');
  return {
    ...(cluster && {
      kafka: { bootstrapServers: hosts(cluster.cluster.map(({ broker }) => broker)), clusterId: cluster.clusterId },
    }),
    ...(mongoPorts && { mongoUri: `mongodb://${hosts(mongoPorts)}/` }),
  };
}

interface KafkaCluster {
  readonly clusterId: string;
  readonly cluster: readonly { readonly broker: number }[];
}

const read = (file: string): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
