/** Starts services for one measurement, on engines that keep running: with enough stock, and warmed up on request. */
import { serviceNames, startPipeline, type Pipeline, type PipelineOptions } from '../dev/pipeline.ts';
import type { KafkaEngine } from '../dev/engines/kafka.ts';
import type { MongoEngine } from '../dev/engines/mongo.ts';
import type { Amounts } from './options.ts';
import { count, postClosedLoop } from './http-load.ts';
import { waitUntilShipped } from './order-db.ts';
import type { MeasuredProcess } from './processes.ts';
import { fillStock } from './sample-orders.ts';

export interface Bench {
  readonly dataDir: string;
  readonly kafka: KafkaEngine;
  readonly mongo: MongoEngine;
  readonly amounts: Amounts;
  /** The environment of the services' processes. */
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
}

export function engineProcesses({ kafka, mongo }: Bench): MeasuredProcess[] {
  return [...kafka.pids.map((pid) => ({ name: 'Kafka', pid })), ...mongo.pids.map((pid) => ({ name: 'mongod', pid }))];
}

export function serviceProcesses({ services }: Pipeline): MeasuredProcess[] {
  return Object.values(services)
    .flat()
    .flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name: name.replace(/-1$/, ''), pid }]));
}

export const loadGenerator: MeasuredProcess = { name: 'load generator', pid: process.pid };

const none = Object.fromEntries(serviceNames.map((name) => [name, 0]));

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

/** The services that an order passes through; the others only read. */
const pathOfAnOrder = { order: 1, payment: 1, inventory: 1, shipment: 1 } as const;

/** Runs those services, warmed up. `measure` receives how many orders have been shipped so far. */
export function withWarmPipeline<T>(
  bench: Bench,
  measure: (pipeline: Pipeline, shipped: number) => Promise<T>,
): Promise<T> {
  return withServices(bench, pathOfAnOrder, async (pipeline) => {
    const { connections, warmUp } = bench.amounts;
    await postClosedLoop(pipeline.services.order[0]!.url, { connections, more: count(warmUp) });
    await waitUntilShipped(pipeline, warmUp);
    return measure(pipeline, warmUp);
  });
}
