/** Measures the rows of the table. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Pipeline } from '../dev/pipeline.ts';
import { loadGenerator, engineProcesses, serviceProcesses, withWarmPipeline, type Bench } from './bench-services.ts';
import { runFloor, type FloorRun } from './floor-run.ts';
import { count, duration, postClosedLoop, postOpenLoop } from './http-load.ts';
import { openOrderDb, waitUntilShipped, type OrderTimes } from './order-db.ts';
import { measureCost, type Cost } from './processes.ts';
import { percentile } from './statistics.ts';

export interface PostResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The share of one core that the load generator used. */
  readonly generatorShare: number;
}

/** POST /orders while the whole pipeline processes the orders, as it does in production. */
export const measurePosting = (bench: Bench): Promise<PostResult> =>
  withWarmPipeline(bench, async (pipeline, shipped) => {
    const { connections, postSeconds } = bench.amounts;
    const costs = measureCost([loadGenerator]);
    const startMs = performance.now();
    const latencies = await postClosedLoop(pipeline.services.order[0]!.url, {
      connections,
      more: duration(postSeconds),
    });
    const seconds = (performance.now() - startMs) / 1_000;
    const generatorShare = (costs()[0]?.cpuSeconds ?? Number.NaN) / seconds;
    await waitUntilShipped(pipeline, shipped + latencies.length);
    return {
      perSecond: latencies.length / seconds,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      generatorShare,
    };
  });

export interface PipelineRun {
  readonly ordersPerSecond: number;
  readonly postsPerSecond: number;
  readonly costs: readonly Cost[];
}

export interface ThroughputPair {
  readonly pipeline: PipelineRun;
  readonly floor: FloorRun;
}

/** First POST to last SHIPPED, alternating with the floor, each in new and warm processes on the same engines. */
export async function measureThroughput(bench: Bench): Promise<ThroughputPair[]> {
  const pairs: ThroughputPair[] = [];
  for (let pair = 0; pair < bench.amounts.pairs; pair += 1) {
    const floor = await runFloor({
      bootstrapServers: bench.kafka.bootstrapServers,
      mongoUri: bench.mongo.uri,
      orders: bench.amounts.orders,
      warmUp: bench.amounts.warmUp,
      engines: engineProcesses(bench),
    });
    const pipeline = await runPipeline(bench);
    bench.print(
      `  pair ${pair + 1}: pipeline ${pipeline.ordersPerSecond.toFixed(0)} orders/s, floor ${floor.ordersPerSecond.toFixed(0)}`,
    );
    pairs.push({ pipeline, floor });
  }
  return pairs;
}

/** First POST to last SHIPPED, in new and warm processes. */
export function runPipeline(bench: Bench): Promise<PipelineRun> {
  return withWarmPipeline(bench, async (pipeline, shipped) => {
    const { connections, orders } = bench.amounts;
    const costsOf = measureCost([...serviceProcesses(pipeline), ...engineProcesses(bench), loadGenerator]);
    const begun = new Date();
    await postClosedLoop(pipeline.services.order[0]!.url, { connections, more: count(orders) });
    const postedMs = Date.now() - begun.getTime();
    await waitUntilShipped(pipeline, shipped + orders);
    const costs = costsOf();
    const db = await openOrderDb(bench.mongo.uri);
    const last = await db.lastShipped(begun, orders);
    await db.close();
    return {
      ordersPerSecond: (orders / (last.getTime() - begun.getTime())) * 1_000,
      postsPerSecond: (orders / postedMs) * 1_000,
      costs,
    };
  });
}

export interface LatencyResult {
  readonly orders: number;
  /** From when the POST was due until a change stream reported SHIPPED to the load generator. */
  readonly seenMs: { readonly p50: number; readonly p99: number };
  /** From when the POST was due to order_db.orders.updated_at. */
  readonly recordedMs: { readonly p50: number; readonly p99: number };
  /** The times between the steps of an order. */
  readonly steps: readonly { readonly name: string; readonly p50Ms: number; readonly p99Ms: number }[];
}

const settleMs = 2_000;

/** Of each order that counts: when it was due, when it was seen as shipped, and the times in its document. */
interface Sample {
  readonly dueAt: ReadonlyMap<string, number>;
  readonly seenAt: ReadonlyMap<string, number>;
  readonly times: readonly OrderTimes[];
}

export function measureLatency(bench: Bench): Promise<LatencyResult> {
  return withWarmPipeline(bench, async (pipeline, shipped) =>
    latencyResult(await sampleOrders(bench, pipeline, shipped)),
  );
}

async function sampleOrders(bench: Bench, pipeline: Pipeline, shipped: number): Promise<Sample> {
  const { steadyPerSecond: perSecond, leadInSeconds, steadySeconds } = bench.amounts;
  const db = await openOrderDb(bench.mongo.uri);
  const seenAt = new Map<string, number>();
  const subscription = await db.watchShipped((orderId) => seenAt.set(orderId, Date.now()));
  await pause(settleMs);
  const startMs = Date.now();
  const seconds = leadInSeconds + steadySeconds;
  const placed = await postOpenLoop(pipeline.services.order[0]!.url, { perSecond, seconds });
  await waitUntilShipped(pipeline, shipped + placed.size);
  const dueAt = new Map([...placed].filter(([, due]) => due >= startMs + leadInSeconds * 1_000));
  await pause(settleMs);
  const times = await db.timesOf([...dueAt.keys()]);
  await subscription.stop();
  await db.close();
  if (times.length !== dueAt.size || seenAt.size !== placed.size) {
    throw new Error(
      `${times.length} of ${dueAt.size} orders are SHIPPED, and the change stream reported ${seenAt.size} of ${placed.size}`,
    );
  }
  return { dueAt, seenAt, times };
}

function latencyResult({ dueAt, seenAt, times }: Sample): LatencyResult {
  const percentiles = (of: (order: OrderTimes) => number) => {
    const sample = times.map(of);
    return { p50: percentile(sample, 0.5), p99: percentile(sample, 0.99) };
  };
  const timeOf =
    (fact: string) =>
    ({ facts }: OrderTimes): number =>
      facts.get(fact) ?? Number.NaN;
  const steps: [string, (order: OrderTimes) => number][] = [
    ['POST due', ({ orderId }) => dueAt.get(orderId)!],
    ['accepted', timeOf('order_placed:PENDING')],
    ['charged', timeOf('payment_processed:COMPLETED')],
    ['reserved', timeOf('inventory_updated:RESERVED')],
    ['shipped', timeOf('shipment_processed:SHIPPED')],
    ['recorded', ({ updatedAt }) => updatedAt],
    ['seen', ({ orderId }) => seenAt.get(orderId)!],
  ];
  return {
    orders: dueAt.size,
    seenMs: percentiles(({ orderId }) => seenAt.get(orderId)! - dueAt.get(orderId)!),
    recordedMs: percentiles(({ orderId, updatedAt }) => updatedAt - dueAt.get(orderId)!),
    steps: steps.slice(1).map(([name, to], index) => {
      const [previous, from] = steps[index]!;
      const { p50, p99 } = percentiles((order) => to(order) - from(order));
      return { name: `${previous} → ${name}`, p50Ms: p50, p99Ms: p99 };
    }),
  };
}
