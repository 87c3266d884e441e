/** What each row of the table measures. */
import { setTimeout as pause } from 'node:timers/promises';
import { driver, watchedEngines, watchedServices, withWarmPipeline, type Bench } from './bench-services.ts';
import { runFloor, type FloorRun } from './floor-run.ts';
import { count, duration, postClosedLoop, postOpenLoop } from './http-load.ts';
import { openOrderDb, waitUntilShipped, type OrderTimes } from './order-db.ts';
import { measureCost, type Cost } from './processes.ts';
import { percentile } from './statistics.ts';

export interface PostResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one core, that the load driver itself took. */
  readonly driverShare: number;
}

/** POST /orders while the whole pipeline works, since that is what it does when orders come. */
export const measurePosting = (bench: Bench): Promise<PostResult> =>
  withWarmPipeline(bench, async (pipeline, shipped) => {
    const { connections, postSeconds } = bench.amounts;
    const costs = measureCost([driver]);
    const begun = performance.now();
    const latencies = await postClosedLoop(pipeline.services.order[0]!.url, {
      connections,
      more: duration(postSeconds),
    });
    const seconds = (performance.now() - begun) / 1_000;
    const driverShare = (costs()[0]?.cpuSeconds ?? Number.NaN) / seconds;
    await waitUntilShipped(pipeline, shipped + latencies.length);
    return {
      perSecond: latencies.length / seconds,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      driverShare,
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

/** First POST to last SHIPPED, and beside it the floor, each in fresh and warm processes on the same engines. */
export async function measureThroughput(bench: Bench): Promise<ThroughputPair[]> {
  const pairs: ThroughputPair[] = [];
  for (let pair = 0; pair < bench.amounts.pairs; pair += 1) {
    const floor = await runFloor({
      bootstrapServers: bench.kafka.bootstrapServers,
      mongoUri: bench.mongo.uri,
      orders: bench.amounts.orders,
      warmUp: bench.amounts.warmUp,
      engines: watchedEngines(bench),
    });
    const pipeline = await runPipeline(bench);
    bench.say(
      `  pair ${pair + 1}: pipeline ${pipeline.ordersPerSecond.toFixed(0)} orders/s, floor ${floor.ordersPerSecond.toFixed(0)}`,
    );
    pairs.push({ pipeline, floor });
  }
  return pairs;
}

/** First POST to last SHIPPED, in fresh and warm processes. */
export const runPipeline = (bench: Bench): Promise<PipelineRun> =>
  withWarmPipeline(bench, async (pipeline, shipped) => {
    const { connections, orders } = bench.amounts;
    const costsOf = measureCost([...watchedServices(pipeline), ...watchedEngines(bench), driver]);
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

export interface LatencyResult {
  readonly orders: number;
  /** From when the POST was due to when a change stream told the driver of SHIPPED. */
  readonly seenMs: { readonly p50: number; readonly p99: number };
  /** From when the POST was due to order_db.orders.updated_at. */
  readonly recordedMs: { readonly p50: number; readonly p99: number };
  /** Medians of the times between the events on the way. */
  readonly steps: readonly { readonly name: string; readonly p50Ms: number; readonly p99Ms: number }[];
}

const settleMs = 2_000;

export const measureLatency = (bench: Bench): Promise<LatencyResult> =>
  withWarmPipeline(bench, async (pipeline, shipped) => {
    const { steadyPerSecond: perSecond, leadInSeconds, steadySeconds } = bench.amounts;
    const db = await openOrderDb(bench.mongo.uri);
    const seenAt = new Map<string, number>();
    const watcher = await db.watchShipped((orderId) => seenAt.set(orderId, Date.now()));
    await pause(settleMs);
    const begun = Date.now();
    const seconds = leadInSeconds + steadySeconds;
    const placed = await postOpenLoop(pipeline.services.order[0]!.url, { perSecond, seconds });
    await waitUntilShipped(pipeline, shipped + placed.size);
    const dueAt = new Map([...placed].filter(([, due]) => due >= begun + leadInSeconds * 1_000));
    await pause(settleMs);
    const times = await db.timesOf([...dueAt.keys()]);
    await watcher.stop();
    await db.close();
    if (times.length !== dueAt.size || seenAt.size !== placed.size) {
      throw new Error(
        `of ${dueAt.size} orders ${times.length} are SHIPPED, and of ${placed.size} were ${seenAt.size} told of`,
      );
    }
    const both = (of: (order: OrderTimes) => number) => {
      const sample = times.map(of);
      return { p50: percentile(sample, 0.5), p99: percentile(sample, 0.99) };
    };
    const at =
      (fact: string) =>
      ({ facts }: OrderTimes): number =>
        facts.get(fact) ?? Number.NaN;
    const marks: [string, (order: OrderTimes) => number][] = [
      ['POST due', ({ orderId }) => dueAt.get(orderId)!],
      ['accepted', at('order_placed:PENDING')],
      ['charged', at('payment_processed:COMPLETED')],
      ['reserved', at('inventory_updated:RESERVED')],
      ['shipped', at('shipment_processed:SHIPPED')],
      ['recorded', ({ updatedAt }) => updatedAt],
      ['seen', ({ orderId }) => seenAt.get(orderId)!],
    ];
    return {
      orders: dueAt.size,
      seenMs: both(({ orderId }) => seenAt.get(orderId)! - dueAt.get(orderId)!),
      recordedMs: both(({ orderId, updatedAt }) => updatedAt - dueAt.get(orderId)!),
      steps: marks.slice(1).map(([name, to], index) => {
        const from = marks[index]![1];
        const { p50, p99 } = both((order) => to(order) - from(order));
        return { name: `${marks[index]![0]} → ${name}`, p50Ms: p50, p99Ms: p99 };
      }),
    };
  });
