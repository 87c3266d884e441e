/** The whole pipeline on this machine: engines, topics, and each service as a process of its own. */
import { join } from 'node:path';
import { everyService, services, type ServiceEntry } from '@order-pipeline/events';
import { createKafka, ensureTopics } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { startKafka, type KafkaEngine } from './engines/kafka.ts';
import { startMongo, type MongoEngine } from './engines/mongo.ts';
import { mustBeReplicaSet } from './engines/mongo-ready.ts';
import { freePort } from './ports.ts';
import { environment, fixedPort } from './service-environment.ts';
import {
  Replica,
  type ProcessName,
  type ServiceName,
  type ServiceReplica,
  type StopResult,
} from './service-replica.ts';
import { SetupError } from './setup-error.ts';

export type { ProcessName, ServiceName, ServiceReplica, StopResult } from './service-replica.ts';

export const serviceNames = Object.keys(services) as readonly ServiceName[];
/** In the order in which they are created: a service that reads gets the addresses of those before it. */
export const processNames = Object.values<ServiceEntry>(everyService)
  .toSorted((one, other) => Number(one.role === 'reading') - Number(other.role === 'reading'))
  .map(({ name }) => name) as readonly ProcessName[];

export interface PipelineOptions {
  /** Contains kafka/, mongo/ and logs/; a later start with the same folder has the same orders. */
  readonly dataDir: string;
  /**
   * Processes per service; 0 starts none (`addReplica` may later). Default 1, and 0 for a service that no order waits for,
   * which starts on request.
   */
  readonly replicas?: Partial<Record<ProcessName, number>>;
  /** For every service process, in addition to the environment of this one. */
  readonly env?: NodeJS.ProcessEnv;
  /** 'fixed': the first replica listens on <NAME>_PORT or the registry's port. Default 'free': on any free port. */
  readonly ports?: 'fixed' | 'free';
  /** The services' output: to our standard output, or (default) to <dataDir>/logs/<name>.log. */
  readonly output?: 'inherit' | 'file';
  /** Restarts a service that exits, with backoff, as Kubernetes does. Default false: tests observe the exit. */
  readonly restart?: boolean;
  /** An engine of the caller, who also stops it, or the address of one that runs elsewhere. */
  readonly kafka?: KafkaEngine | string;
  readonly mongo?: MongoEngine | string;
  /** Receives one line per event that a person wants to know. */
  readonly print?: (line: string) => void;
  /** The file that a service's process runs. Default services/<name>/src/main.ts. */
  readonly mainOf?: (service: ProcessName) => string;
}

export interface Pipeline {
  readonly bootstrapServers: string;
  readonly mongoUri: string;
  /** Undefined when the broker runs elsewhere. */
  readonly kafka: KafkaEngine | undefined;
  readonly mongo: MongoEngine | undefined;
  /** The processes of each service, first to last: `services.order[0].url`. */
  readonly services: Readonly<Record<ProcessName, readonly ServiceReplica[]>>;
  /** Starts one more process of the service and waits until it is ready. */
  addReplica(service: ProcessName): Promise<ServiceReplica>;
  /** Stops the service's last process. */
  removeReplica(service: ProcessName): Promise<StopResult>;
  /** Services first, then the engines that were started here. The result has one entry per replica's name. */
  stop(): Promise<Record<string, StopResult>>;
}

class LocalPipeline implements Pipeline {
  bootstrapServers = '';
  mongoUri = '';
  kafka: KafkaEngine | undefined;
  mongo: MongoEngine | undefined;
  readonly services: Record<ProcessName, ServiceReplica[]>;
  readonly #options: PipelineOptions;
  /** The engines that were started here, which `stop` stops. */
  readonly #ownEngines: (KafkaEngine | MongoEngine)[] = [];
  #replicasCreated = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.services = Object.fromEntries(processNames.map((name) => [name, []])) as unknown as LocalPipeline['services'];
  }

  async startEngines(): Promise<void> {
    const { dataDir, kafka, mongo } = this.#options;
    const [kafkaEngine, mongoEngine] = await allSettled(
      kafka ?? startKafka({ dataDir: join(dataDir, 'kafka') }).then((engine) => this.#own(engine)),
      mongo ?? startMongo({ dataDir: join(dataDir, 'mongo') }).then((engine) => this.#own(engine)),
    );
    this.kafka = typeof kafkaEngine === 'string' ? undefined : kafkaEngine;
    this.mongo = typeof mongoEngine === 'string' ? undefined : mongoEngine;
    this.bootstrapServers = typeof kafkaEngine === 'string' ? kafkaEngine : kafkaEngine.bootstrapServers;
    this.mongoUri = typeof mongoEngine === 'string' ? mongoEngine : mongoEngine.uri;
    await Promise.all([createTopics(this.bootstrapServers), this.mongo ?? checkReplicaSet(this.mongoUri)]);
  }

  async startServices(): Promise<void> {
    for (const service of processNames) {
      const count = this.#options.replicas?.[service] ?? (service in services ? 1 : 0);
      for (let i = 0; i < count; i++) await this.#create(service);
    }
    await allSettled(...this.#replicas().map((replica) => replica.start()));
  }

  async addReplica(service: ProcessName): Promise<ServiceReplica> {
    const replica = await this.#create(service);
    await replica.start();
    return replica;
  }

  async removeReplica(service: ProcessName): Promise<StopResult> {
    const replica = this.services[service].pop();
    if (!replica) throw new Error(`${service} has no replica`);
    return replica.stop();
  }

  async stop(): Promise<Record<string, StopResult>> {
    const stopping = this.#replicas().map(async (replica) => [replica.name, await replica.stop()] as const);
    const results = await Promise.all(stopping);
    await Promise.all(this.#ownEngines.map((engine) => engine.stop()));
    return Object.fromEntries(results);
  }

  async #create(service: ProcessName): Promise<ServiceReplica> {
    const { dataDir, env, mainOf, output, ports, print = () => {}, restart = false } = this.#options;
    const { bootstrapServers, mongoUri } = this;
    const number = (this.services[service].at(-1)?.number ?? 0) + 1;
    const port = ports === 'fixed' && number === 1 ? fixedPort(service) : await freePort();
    const replica = new Replica({
      service,
      number,
      port,
      colour: this.#replicasCreated++,
      env: environment({ service, number, port, bootstrapServers, mongoUri, replicas: this.#replicas(), own: env }),
      main: mainOf?.(service) ?? `services/${service}/src/main.ts`,
      output: output === 'inherit' ? 'inherit' : { logDir: join(dataDir, 'logs') },
      restart,
      print,
    });
    this.services[service].push(replica);
    return replica;
  }

  #own<E extends KafkaEngine | MongoEngine>(engine: E): E {
    this.#ownEngines.push(engine);
    return engine;
  }

  #replicas(): ServiceReplica[] {
    return Object.values(this.services).flat();
  }
}

/**
 * Starts the whole pipeline as `npm start` runs it; resolves when every service is ready. If anything fails, stops what
 * it has started and throws the reason.
 *
 *   const pipeline = await startPipeline({ dataDir, replicas: { inventory: 3 } });
 *   await fetch(`${pipeline.services.order[0].url}/orders`, …);
 *   await pipeline.services.payment[0].kill();    // SIGKILL
 *   await pipeline.services.payment[0].start();   // running again, and ready
 *   await pipeline.kafka?.kill();
 *   await pipeline.stop();
 */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const pipeline = new LocalPipeline(options);
  try {
    await pipeline.startEngines();
    await pipeline.startServices();
    return pipeline;
  } catch (error) {
    await pipeline.stop();
    throw error;
  }
}

async function createTopics(bootstrapServers: string): Promise<void> {
  const kafka = createKafka({ brokers: bootstrapServers.split(','), clientId: 'order-pipeline-start' }, quietLogger);
  try {
    // -1 is the broker's own default: 1 for one broker, 3 for three.
    await ensureTopics(kafka, { replicationFactor: -1 });
  } catch (error) {
    throw unusable(
      `Kafka at ${bootstrapServers} does not respond; start it, or unset KAFKA_BOOTSTRAP_SERVERS to have one started`,
      error,
    );
  }
}

async function checkReplicaSet(mongoUri: string): Promise<void> {
  try {
    await mustBeReplicaSet(mongoUri);
  } catch (error) {
    throw unusable(
      'MongoDB at MONGODB_URI cannot be used; start it as a replica set, or unset MONGODB_URI to have one started',
      error,
    );
  }
}

function unusable(sentence: string, error: unknown): SetupError {
  return new SetupError(`${sentence} (${error instanceof Error ? error.message : String(error)}).`);
}

/** As Promise.all, but waits for all even when one fails, so that nothing is left half started. */
async function allSettled<const T extends readonly unknown[]>(
  ...work: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
}
