import { everyService, variablePrefix } from '@order-pipeline/events';
import { portOf } from './ports.ts';
import type { ProcessName, ServiceReplica } from './service-replica.ts';

/** The port of a service's first replica: <NAME>_PORT where set, else the registry's. */
export function fixedPort(service: ProcessName): number {
  return portOf(portVariable(service), everyService[service].port);
}

export function portVariable(service: ProcessName): string {
  return `${variablePrefix(service)}_PORT`;
}

export interface ProcessSettings {
  readonly service: ProcessName;
  readonly number: number;
  readonly port: number;
  readonly bootstrapServers: string;
  readonly mongoUri: string;
  /** The replicas so far: others reach a service at its first one. */
  readonly replicas: readonly Pick<ServiceReplica, 'service' | 'number' | 'url'>[];
  readonly own: NodeJS.ProcessEnv | undefined;
}

/** The environment of a service's process: that of the user, and the addresses of everything. */
export function environment(settings: ProcessSettings): NodeJS.ProcessEnv {
  const { NODE_ENV, ...inherited } = process.env;
  return {
    // Loopback unless the user sets it, because nothing here authenticates callers.
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

function urls(replicas: ProcessSettings['replicas']): Record<string, string> {
  return Object.fromEntries(
    replicas.filter(({ number }) => number === 1).map(({ service, url }) => [`${variablePrefix(service)}_URL`, url]),
  );
}
