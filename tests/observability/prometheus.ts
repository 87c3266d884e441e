/** Runs Prometheus and promtool for the tests. */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { lastLines } from '../../dev/engines/node.ts';
import { launch, stages } from '../../dev/managed-process.ts';
import { freePort } from '../../dev/ports.ts';
import { run } from '../../dev/run.ts';
import { waitFor } from '../../dev/wait-for.ts';
import { systemProgram } from '../support/system-program.ts';

const readyLimitMs = 60_000;
const responseLimitMs = 10_000;

const binary = (name: 'prometheus' | 'promtool'): Promise<string> =>
  systemProgram({
    name,
    neededBy: 'The tests of the rules',
    variable: `${name.toUpperCase()}_BINARY`,
    places: ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((folder) => join(folder, name)),
    packages: ['prometheus'],
  });

/** Returns promtool's output; rejects with it if promtool finds an error. */
export const promtool = async (...args: readonly string[]): Promise<string> =>
  run(await binary('promtool'), args, { timeoutMs: 120_000 });

export interface PrometheusOptions {
  readonly dir: string;
  /** Content of the rule file. */
  readonly rules: object;
  /** host:port by job. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  readonly everySeconds: number;
}

interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Prometheus {
  firing(): Promise<FiringAlert[]>;
  /** The names of all metrics since the start. */
  metricNames(): Promise<Set<string>>;
  /** Whether the expression had a value at some time since the start. */
  everHadValue(expr: string): Promise<boolean>;
  stop(): Promise<void>;
}

export async function startPrometheus({ dir, rules, targets, everySeconds }: PrometheusOptions): Promise<Prometheus> {
  mkdirSync(dir, { recursive: true });
  const every = `${everySeconds}s`;
  const jobs = Object.entries(targets).map(([job_name, hosts]) => ({ job_name, static_configs: [{ targets: hosts }] }));
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: [join(dir, 'rules.yaml')],
    scrape_configs: jobs,
  };
  writeFileSync(join(dir, 'rules.yaml'), stringify(rules));
  writeFileSync(join(dir, 'prometheus.yaml'), stringify(config));
  const port = await freePort();
  const log = join(dir, 'prometheus.log');
  const output = openSync(log, 'a');
  const managed = await launch({
    command: await binary('prometheus'),
    args: [
      `--config.file=${join(dir, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // Series of stopped targets go stale quickly, in proportion to the rules' shorter durations.
      `--query.lookback-delta=${5 * everySeconds}s`,
    ],
    output,
    stage: stages.engine,
  });
  closeSync(output);
  const begunSeconds = Date.now() / 1_000;
  const ask = async (path: string): Promise<any> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(responseLimitMs) });
    const body = (await response.json()) as { status: string; error?: string; data: any };
    if (body.status !== 'success') throw new Error(`Prometheus rejects ${path}: ${body.error}`);
    return body.data;
  };
  const giveUp = () => (managed.exit ? `it ended; its last lines:\n${lastLines(log)}` : undefined);
  await waitFor(() => ask('/api/v1/status/runtimeinfo'), { what: 'Prometheus', timeoutMs: readyLimitMs, giveUp });

  return {
    firing: async () =>
      ((await ask('/api/v1/alerts')).alerts as (FiringAlert & { state: string })[]).filter(
        ({ state }) => state === 'firing',
      ),
    metricNames: async () => new Set(await ask('/api/v1/label/__name__/values')),
    async everHadValue(expr) {
      const range = { query: expr, start: String(begunSeconds), end: String(Date.now() / 1_000), step: every };
      return (await ask(`/api/v1/query_range?${new URLSearchParams(range).toString()}`)).result.length > 0;
    },
    stop: async () => void (await managed.stop(responseLimitMs)),
  };
}
