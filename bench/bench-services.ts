/** The services for the time of one measurement, on engines that stay, warm and with stock enough. */
import { serviceNames, startPipeline, type Pipeline, type PipelineOptions } from '../dev/pipeline.ts';
import type { KafkaEngine } from '../dev/engines/kafka.ts';
import type { MongoEngine } from '../dev/engines/mongo.ts';
import type { Amounts } from './options.ts';
import { count, postClosedLoop } from './http-load.ts';
import { waitUntilShipped } from './order-db.ts';
import type { Watched } from './processes.ts';
import { fillStock } from './sample-orders.ts';

export interface Bench {
  readonly dataDir: string;
  readonly kafka: KafkaEngine;
  readonly mongo: MongoEngine;
  readonly amounts: Amounts;
  /** For the services' processes. */
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

export const watchedEngines = ({ kafka, mongo }: Bench): Watched[] => [
  ...kafka.pids.map((pid) => ({ name: 'Kafka', pid })),
  ...mongo.pids.map((pid) => ({ name: 'mongod', pid })),
];

export const watchedServices = ({ services }: Pipeline): Watched[] =>
  Object.values(services)
    .flat()
    .flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name: name.replace(/-1$/, ''), pid }]));

export const driver: Watched = { name: 'driver', pid: process.pid };

export async function withServices<T>(
  { dataDir, kafka, mongo, env }: Bench,
  replicas: NonNullable<PipelineOptions['replicas']>,
  measure: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  const pipeline = await startPipeline({ dataDir, kafka, mongo, replicas: { ...none, ...replicas }, env });
  try {
    if (pipeline.services.inventory[0]) await fillStock(pipeline.services.inventory[0].url);
    return await measure(pipeline);
  } finally {
    const results = await pipeline.stop();
    for (const [name, { exitCode, signal }] of Object.entries(results)) {
      if (exitCode !== 0) process.stderr.write(`${name} did not stop cleanly (${signal ?? exitCode}); see its log\n`);
    }
  }
}

/** The four services that an order passes through; the dashboard and the like only look on. */
const four = { order: 1, payment: 1, inventory: 1, shipment: 1 } as const;
const none = Object.fromEntries(serviceNames.map((name) => [name, 0]));

/** All four services, after the first orders: how many have shipped is told, for whoever waits for more. */
export const withWarmPipeline = <T>(
  bench: Bench,
  measure: (pipeline: Pipeline, shipped: number) => Promise<T>,
): Promise<T> =>
  withServices(bench, four, async (pipeline) => {
    const { connections, warmUp } = bench.amounts;
    await postClosedLoop(pipeline.services.order[0]!.url, { connections, more: count(warmUp) });
    await waitUntilShipped(pipeline, warmUp);
    return measure(pipeline, warmUp);
  });
