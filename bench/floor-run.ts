/** Runs the floor as a process of its own, and measures its throughput and cost. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { launch, stages } from '../dev/managed-process.ts';
import { measureCost, type Cost, type MeasuredProcess } from './processes.ts';

export interface FloorRun {
  readonly ordersPerSecond: number;
  readonly costs: readonly Cost[];
}

export interface FloorOptions {
  readonly bootstrapServers: string;
  readonly mongoUri: string;
  readonly orders: number;
  readonly warmUp: number;
  readonly engines: readonly MeasuredProcess[];
}

const program = fileURLToPath(new URL('floor.ts', import.meta.url));
const cleanUpLimitMs = 60_000;

export async function runFloor(options: FloorOptions): Promise<FloorRun> {
  const { bootstrapServers, mongoUri, orders, warmUp, engines } = options;
  const floor = await launch({
    command: process.execPath,
    args: ['--disable-warning=TimeoutNegativeWarning', program, bootstrapServers, mongoUri, `${orders}`, `${warmUp}`],
    output: 'pipe',
    stage: stages.service,
  });
  floor.child.stderr?.pipe(process.stderr);
  let costsOf: (() => Cost[]) | undefined;
  for await (const line of createInterface({ input: floor.child.stdout! })) {
    if (line === 'measuring') {
      costsOf = measureCost([...engines, { name: 'floor', pid: floor.pid }]);
      continue;
    }
    const { seconds } = JSON.parse(line) as { seconds: number };
    const costs = costsOf!();
    await floor.stop(cleanUpLimitMs);
    return { ordersPerSecond: orders / seconds, costs };
  }
  throw new Error('The floor exited before it had measured anything, for the reason above.');
}
