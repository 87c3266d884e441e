/** What processes cost, from /proc: elsewhere than on Linux the figures are missing, and the table says so. */
import { readFileSync } from 'node:fs';

export interface Watched {
  readonly name: string;
  readonly pid: number;
}

export interface Cost {
  readonly name: string;
  readonly cpuSeconds: number;
  /** The most memory that the process ever had resident, in MiB. */
  readonly peakMiB: number;
}

/** USER_HZ, which is 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

/** User and system time of all threads since the process began; undefined where that cannot be known. */
function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything; utime and stime are fields 14 and 15 (man 5 proc).
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

/** Starts to measure; the answer tells what each process has cost since, those that ended meanwhile left out. */
export function measureCost(watched: readonly Watched[]): () => Cost[] {
  const before = new Map(watched.map(({ pid }) => [pid, cpuSeconds(pid)]));
  return () =>
    watched.flatMap(({ name, pid }) => {
      const from = before.get(pid);
      const to = cpuSeconds(pid);
      return from === undefined || to === undefined ? [] : [{ name, cpuSeconds: to - from, peakMiB: peakMiB(pid) }];
    });
}
