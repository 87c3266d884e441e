import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replicaSetName } from './engines/mongo-ready.ts';

/** Where the engines of the last `npm start` on that folder listen, whether or not they run now. */
export interface RememberedEngines {
  readonly kafka?: { readonly bootstrapServers: string; readonly clusterId: string };
  readonly mongoUri?: string;
}

/** Reads what the engines keep with their data, so that a tool in another terminal finds them without being told. */
export function rememberedEngines(dataDir: string): RememberedEngines {
  const cluster = read(join(dataDir, 'kafka', 'cluster.json')) as KafkaCluster | undefined;
  const mongoPorts = read(join(dataDir, 'mongo', 'ports.json')) as number[] | undefined;
  const hosts = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join(',');
  return {
    ...(cluster && {
      kafka: { bootstrapServers: hosts(cluster.cluster.map(({ broker }) => broker)), clusterId: cluster.clusterId },
    }),
    ...(mongoPorts && { mongoUri: `mongodb://${hosts(mongoPorts)}/?replicaSet=${replicaSetName}` }),
  };
}

interface KafkaCluster {
  readonly clusterId: string;
  readonly cluster: readonly { readonly broker: number }[];
}

const read = (file: string): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
