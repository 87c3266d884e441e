/** Reads the CPU profiles of the services and prints where their time was spent. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const shownFunctions = 25;
const shownModules = 12;

export function printProfiles(dir: string, print: (line: string) => void): void {
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile;
    print(`\n${file}: ${describe(profile)}`);
    const selfMs = selfTimes(profile);
    const busyMs = selfMs.filter(({ name }) => name !== '(idle)').reduce((sum, { ms }) => sum + ms, 0);
    const top = (by: (entry: SelfTime) => string, count: number): void => {
      const sums = new Map<string, number>();
      for (const entry of selfMs) sums.set(by(entry), (sums.get(by(entry)) ?? 0) + entry.ms);
      for (const [name, ms] of [...sums].toSorted(([, a], [, b]) => b - a).slice(0, count)) {
        print(`  ${((ms / busyMs) * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ${name}`);
      }
    };
    top(({ module }) => module, shownModules);
    print('');
    top(({ name, place }) => `${name}  ${place}`, shownFunctions);
  }
}

interface SelfTime {
  readonly name: string;
  readonly module: string;
  readonly place: string;
  readonly ms: number;
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const micros = new Map<number, number>();
  samples.forEach((id, index) => micros.set(id, (micros.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
  return nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => ({
    name: functionName || '(anonymous)',
    module: moduleOf(url, functionName),
    place: `${moduleOf(url, functionName)} ${basename(url)}:${lineNumber + 1}`,
    ms: (micros.get(id) ?? 0) / 1_000,
  }));
}

function moduleOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  const inModules = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (inModules) return inModules[1]!;
  const ours = /\/((?:packages|services)\/[^/]+)\//.exec(url);
  return ours?.[1] ?? url.replace(/^node:([^/]+).*/, 'node:$1');
}

function describe({ timeDeltas }: CpuProfile): string {
  return `${(timeDeltas.reduce((sum, delta) => sum + delta, 0) / 1e6).toFixed(1)} s`;
}
