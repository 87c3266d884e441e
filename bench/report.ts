/** The tables of the report. Pure. */
import type { ReplicaRound } from './replicas-row.ts';
import type { LatencyResult, PostResult, ThroughputPair } from './rows.ts';
import { median } from './statistics.ts';
import type { TracingPair } from './tracing-row.ts';

export interface Results {
  post?: PostResult;
  throughput?: readonly ThroughputPair[];
  latency?: LatencyResult;
  replicas?: readonly ReplicaRound[];
  tracing?: readonly TracingPair[];
}

const serviceLimitMiB = 150;
const services = ['order', 'payment', 'inventory', 'shipment'];

const whole = (value: number): string => (Number.isNaN(value) ? '?' : Math.round(value).toLocaleString('en-US'));
const two = (value: number): string => (Number.isNaN(value) ? '?' : value.toFixed(2));
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : whole(value)} ms`;
const verdict = (met: boolean): string => (met ? 'met' : '**missed**');

export function report(results: Results, amounts: { orders: number }): string[] {
  const { post, throughput, latency, replicas, tracing } = results;
  return [
    '| what | figure | target | |',
    '|---|---|---|---|',
    ...(post ? postRows(post) : []),
    ...(throughput ? throughputRows(throughput, amounts.orders) : []),
    ...(latency ? latencyRows(latency) : []),
    ...(replicas ? replicaRows(replicas) : []),
    ...(tracing ? tracingRows(tracing, amounts.orders) : []),
    ...(throughput ? costTable(throughput, amounts.orders) : []),
    ...(latency ? stepTable(latency) : []),
  ];
}

function postRows({ perSecond, p50Ms, p99Ms, generatorShare }: PostResult): string[] {
  return [
    row('POST /orders at 64 connections', `${whole(perSecond)}/s, p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`),
    row('… CPU of the load generator', `${two(generatorShare)} of a core`),
  ];
}

function throughputRows(pairs: readonly ThroughputPair[], orders: number): string[] {
  const ratios = pairs.map(({ pipeline, floor }) => pipeline.ordersPerSecond / floor.ordersPerSecond);
  const ratio = median(ratios);
  const peaks = services.map((name) => Math.max(...pairs.map(({ pipeline }) => costOf(pipeline.costs, name).peakMiB)));
  const largest = Math.max(...peaks);
  return [
    row(
      `Orders per second, first POST to last SHIPPED, ${whole(orders)} orders, 12 partitions`,
      `${whole(median(pairs.map(({ pipeline }) => pipeline.ordersPerSecond)))}/s`,
    ),
    row(
      'Floor: the same writes and hops, kafkajs and mongodb alone',
      `${whole(median(pairs.map(({ floor }) => floor.ordersPerSecond)))}/s`,
    ),
    row('Pipeline ÷ floor', `${two(ratio)} (${ratios.map(two).join(', ')})`, '≥ 0.50', verdict(ratio >= 0.5)),
    row('Largest peak memory of a service', `${whole(largest)} MiB`, '< 150 MiB', verdict(largest < serviceLimitMiB)),
  ];
}

function latencyRows({ orders, seenMs, recordedMs }: LatencyResult): string[] {
  return [
    row(
      `Placed to shipped at a steady rate, ${whole(orders)} orders: POST due → SHIPPED seen by a change stream`,
      `p50 ${ms(seenMs.p50)}, p99 ${ms(seenMs.p99)}`,
      'p99 < 150 ms',
      verdict(seenMs.p99 < 150),
    ),
    row('… POST due → `updated_at` in order_db', `p50 ${ms(recordedMs.p50)}, p99 ${ms(recordedMs.p99)}`),
  ];
}

function replicaRows(rounds: readonly ReplicaRound[]): string[] {
  const ratios = rounds.map(({ onePerSecond, threePerSecond }) => threePerSecond / onePerSecond);
  const one = median(rounds.map(({ onePerSecond }) => onePerSecond));
  const three = median(rounds.map(({ threePerSecond }) => threePerSecond));
  return [
    row('Reservations per second, one inventory replica; three', `${whole(one)}/s; ${whole(three)}/s`),
    row(
      'Three ÷ one',
      `${two(median(ratios))} (${ratios.map(two).join(', ')})`,
      '≥ 0.90',
      verdict(median(ratios) >= 0.9),
    ),
  ];
}

function tracingRows(pairs: readonly TracingPair[], orders: number): string[] {
  const cpu = ({ costs }: TracingPair['on']): number =>
    (services.reduce((sum, name) => sum + costOf(costs, name).cpuSeconds, 0) / orders) * 1_000;
  const ratiosOf = (of: (run: TracingPair['on']) => number): string => {
    const ratios = pairs.map(({ off, on }) => of(on) / of(off));
    return `${two(median(ratios))} (${ratios.map(two).join(', ')})`;
  };
  const mid = (of: (pair: TracingPair) => number): string => two(median(pairs.map(of)));
  return [
    row(
      "The services' CPU seconds per 1,000 orders, tracing off; every order traced",
      `${mid(({ off }) => cpu(off))}; ${mid(({ on }) => cpu(on))}`,
    ),
    row('… on ÷ off', ratiosOf(cpu)),
    row(
      '… orders per second, on ÷ off',
      ratiosOf(({ ordersPerSecond }) => ordersPerSecond),
    ),
  ];
}

function costTable(pairs: readonly ThroughputPair[], orders: number): string[] {
  const names = [
    ...new Set(pairs.flatMap(({ pipeline, floor }) => [...pipeline.costs, ...floor.costs]).map(({ name }) => name)),
  ];
  const perThousand = (runs: readonly Costs[], name: string): number =>
    median(runs.map((costs) => (costOf(costs, name).cpuSeconds / orders) * 1_000));
  const pipelines = pairs.map(({ pipeline }) => pipeline.costs);
  const floors = pairs.map(({ floor }) => floor.costs);
  const line = (name: string): string => {
    const peak = Math.max(
      ...[...pipelines, ...floors].map((costs) => costOf(costs, name).peakMiB).filter(Number.isFinite),
    );
    return row(name, cell(perThousand(pipelines, name)), cell(perThousand(floors, name)), whole(peak));
  };
  const sum = (runs: readonly Costs[]): number =>
    median(runs.map((costs) => (costs.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0) / orders) * 1_000));
  return [
    '',
    '| process | CPU seconds per 1,000 orders | with the floor | peak memory, MiB |',
    '|---|---|---|---|',
    ...names.map(line),
    row('all', two(sum(pipelines)), two(sum(floors))),
  ];
}

type Costs = ThroughputPair['pipeline']['costs'];

function costOf(costs: Costs, name: string): Costs[number] {
  return costs.find((cost) => cost.name === name) ?? { name, cpuSeconds: Number.NaN, peakMiB: Number.NaN };
}

function cell(value: number): string {
  return Number.isNaN(value) ? '–' : two(value);
}

function stepTable({ steps }: LatencyResult): string[] {
  return [
    '',
    '| step of an order at the steady rate | p50 | p99 |',
    '|---|---|---|',
    ...steps.map(({ name, p50Ms, p99Ms }) => row(name, ms(p50Ms), ms(p99Ms))),
  ];
}

function row(...cells: readonly string[]): string {
  return `| ${[...cells, '', '', ''].slice(0, Math.max(3, cells.length)).join(' | ')} |`;
}
