/** CPU time and memory of processes, from /proc: on other systems than Linux the table has no such figures. */
import { readFileSync } from 'node:fs';

export interface MeasuredProcess {
  readonly name: string;
  readonly pid: number;
}

export interface Cost {
  readonly name: string;
  readonly cpuSeconds: number;
  /** The peak of its resident memory, in MiB. */
  readonly peakMiB: number;
}

/** USER_HZ, which is 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

/** User and system time of all threads since the process started; undefined where it cannot be read. */
function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in parentheses, may contain anything; utime and stime are fields 14 and 15 (man 5 proc).
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function peakMiB(pid: number): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '');
  return peak ? Number(peak[1]) / 1024 : Number.NaN;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Starts to measure. The returned function gives the cost of each process since then, without those that have exited. */
export function measureCost(processes: readonly MeasuredProcess[]): () => Cost[] {
  const before = new Map(processes.map(({ pid }) => [pid, cpuSeconds(pid)]));
  return () =>
    processes.flatMap(({ name, pid }) => {
      const from = before.get(pid);
      const to = cpuSeconds(pid);
      return from === undefined || to === undefined ? [] : [{ name, cpuSeconds: to - from, peakMiB: peakMiB(pid) }];
    });
}
