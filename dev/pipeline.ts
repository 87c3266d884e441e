import { join } from 'node:path';
import { everyService, services } from '@order-pipeline/events';
import { createKafka, ensureTopics } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { startKafka, type KafkaEngine } from './engines/kafka.ts';
import { startMongo, type MongoEngine } from './engines/mongo.ts';
import { mustBeReplicaSet } from './engines/mongo-ready.ts';
import { freePort } from './ports.ts';
import {
  createReplica,
  type ProcessName,
  type ServiceName,
  type ServiceReplica,
  type StopResult,
} from './service-replica.ts';
import { environment, fixedPort } from './service-environment.ts';
import { SetupError } from './setup-error.ts';

export type { ProcessName, ServiceName, ServiceReplica, StopResult } from './service-replica.ts';

export const serviceNames = Object.keys(services) as readonly ServiceName[];
export const processNames = Object.keys(everyService) as readonly ProcessName[];

export interface PipelineOptions {
  /** Holds kafka/, mongo/ and logs/; a later start with the same folder finds the same orders. */
  readonly dataDir: string;
  /**
   * Processes of each service; 0 starts none (`addReplica` may later). Default 1, and 0 for what only watches: it is
   * started when asked for.
   */
  readonly replicas?: Partial<Record<ProcessName, number>>;
  /** For every service process, over the environment of this one. */
  readonly env?: NodeJS.ProcessEnv;
  /** 'fixed': the first replica takes <NAME>_PORT or the registry's port. Default 'free': any free port. */
  readonly ports?: 'fixed' | 'free';
  /** Where the services' lines go: to our standard output, or (default) to <dataDir>/logs/<name>.log. */
  readonly output?: 'inherit' | 'file';
  /** Start a service again when it ends, with back-off, as Kubernetes would. Default false: a test wants to see it end. */
  readonly restart?: boolean;
  /** An engine of the caller's, who also stops it; a string is the address of one that runs elsewhere. */
  readonly kafka?: KafkaEngine | string;
  readonly mongo?: MongoEngine | string;
  /** Told what a person would like to know, one line at a time. */
  readonly say?: (line: string) => void;
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

/**
 * Starts the whole pipeline as `npm start` runs it: engines, topics, and each service as its own process; resolves when
 * every service is ready, and otherwise stops what it started and throws with the reason.
 *
 *   const pipeline = await startPipeline({ dataDir, replicas: { inventory: 3 } });
 *   await fetch(`${pipeline.services.order[0].url}/orders`, …);
 *   await pipeline.services.payment[0].kill();    // SIGKILL
 *   await pipeline.services.payment[0].start();   // back, and ready
 *   await pipeline.kafka?.kill();
 *   await pipeline.stop();
 */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const say = options.say ?? (() => {});
  const own: { stop(): Promise<void> }[] = [];
  const started = <E extends { stop(): Promise<void> }>(engine: E): E => {
    own.push(engine);
    return engine;
  };
  const replicas = Object.fromEntries(processNames.map((name) => [name, []])) as unknown as Record<
    ProcessName,
    ServiceReplica[]
  >;
  const all = (): ServiceReplica[] => Object.values(replicas).flat();

  async function stop(): Promise<Record<string, StopResult>> {
    const results = await Promise.all(all().map(async (replica) => [replica.name, await replica.stop()] as const));
    await Promise.all(own.map((engine) => engine.stop()));
    return Object.fromEntries(results);
  }

  try {
    // Both to the end, so that none is left half started when the other fails.
    const [kafka, mongo] = await allSettled(
      options.kafka ?? startKafka({ dataDir: join(options.dataDir, 'kafka') }).then(started),
      options.mongo ?? startMongo({ dataDir: join(options.dataDir, 'mongo') }).then(started),
    );
    const bootstrapServers = typeof kafka === 'string' ? kafka : kafka.bootstrapServers;
    const mongoUri = typeof mongo === 'string' ? mongo : mongo.uri;
    await Promise.all([
      createTopics(bootstrapServers),
      typeof mongo === 'string' && explain(mustBeReplicaSet(mongo), mongoRemedy),
    ]);

    let colour = 0;
    const create = async (service: ProcessName): Promise<ServiceReplica> => {
      const number = (replicas[service].at(-1)?.number ?? 0) + 1;
      const port = options.ports === 'fixed' && number === 1 ? fixedPort(service) : await freePort();
      const replica = createReplica({
        service,
        number,
        port,
        colour: colour++,
        env: environment({ service, number, port, bootstrapServers, mongoUri, replicas: all(), own: options.env }),
        main: options.mainOf?.(service) ?? `services/${service}/src/main.ts`,
        output: options.output === 'inherit' ? 'inherit' : { logDir: join(options.dataDir, 'logs') },
        restart: options.restart ?? false,
        say,
      });
      replicas[service].push(replica);
      return replica;
    };
    for (const service of processNames) {
      for (let i = 0; i < (options.replicas?.[service] ?? (service in services ? 1 : 0)); i++) await create(service);
    }
    await allSettled(...all().map((replica) => replica.start()));

    return {
      bootstrapServers,
      mongoUri,
      kafka: typeof kafka === 'string' ? undefined : kafka,
      mongo: typeof mongo === 'string' ? undefined : mongo,
      services: replicas,
      async addReplica(service) {
        const replica = await create(service);
        await replica.start();
        return replica;
      },
      async removeReplica(service) {
        const replica = replicas[service].pop();
        if (!replica) throw new Error(`${service} has no replica`);
        return replica.stop();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createTopics(bootstrapServers: string): Promise<void> {
  const kafka = createKafka({ brokers: bootstrapServers.split(','), clientId: 'order-pipeline-start' }, quietLogger);
  // -1 is the broker's own default: 1 for one broker, 3 for three.
  await explain(
    ensureTopics(kafka, { replicationFactor: -1 }),
    `Kafka at ${bootstrapServers} does not answer; start it, or unset KAFKA_BOOTSTRAP_SERVERS to have one started`,
  );
}

const mongoRemedy =
  'MongoDB at MONGODB_URI cannot be used; start it as a replica set, or unset MONGODB_URI to have one started';

async function explain<T>(work: Promise<T>, sentence: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new SetupError(`${sentence} (${error instanceof Error ? error.message : String(error)}).`);
  }
}

/** As Promise.all, but waits for all of them even when one fails. */
async function allSettled<const T extends readonly unknown[]>(
  ...work: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
}
