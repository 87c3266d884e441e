import { everyService } from '@order-pipeline/events';
import { portOf } from './ports.ts';
import type { ProcessName, ServiceReplica } from './service-replica.ts';

/** The port of a service's first replica: <NAME>_PORT where set, else the registry's. */
export const fixedPort = (service: ProcessName): number => portOf(portVariable(service), everyService[service].port);

export const portVariable = (service: ProcessName): string => `${variablePrefix(service)}_PORT`;

const variablePrefix = (service: ProcessName): string => service.toUpperCase().replaceAll('-', '_');

export interface ProcessSettings {
  readonly service: ProcessName;
  readonly number: number;
  readonly port: number;
  readonly bootstrapServers: string;
  readonly mongoUri: string;
  /** Those that were made before: the first of each service is where others reach it. */
  readonly replicas: readonly Pick<ServiceReplica, 'service' | 'number' | 'url'>[];
  readonly own: NodeJS.ProcessEnv | undefined;
}

/** What a service's process gets to see: the user's whole environment, and where everything is. */
export function environment(settings: ProcessSettings): NodeJS.ProcessEnv {
  const { NODE_ENV, ...inherited } = process.env;
  return {
    // Only this machine, as long as nobody asks for more: nothing here asks who is calling.
    HOST: '127.0.0.1',
    ...inherited,
    // jest sets "test", which changes the defaults of libraries; a service under test runs as it does in production.
    NODE_ENV: NODE_ENV === undefined || NODE_ENV === 'test' ? 'production' : NODE_ENV,
    ...urls(settings.replicas),
    ...settings.own,
    PORT: String(settings.port),
    KAFKA_BOOTSTRAP_SERVERS: settings.bootstrapServers,
    MONGODB_URI: settings.mongoUri,
    INSTANCE_ID: `${settings.service}-${settings.number}`,
  };
}

const urls = (replicas: ProcessSettings['replicas']): Record<string, string> =>
  Object.fromEntries(
    replicas.filter(({ number }) => number === 1).map(({ service, url }) => [`${variablePrefix(service)}_URL`, url]),
  );
