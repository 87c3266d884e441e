/** `npm run bench`: measures the pipeline from outside, and compares it with the engines' drivers alone. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { startKafka } from '../dev/engines/kafka.ts';
import { startMongo } from '../dev/engines/mongo.ts';
import { stopEverything } from '../dev/managed-process.ts';
import { SetupError } from '../dev/setup-error.ts';
import type { Bench } from './bench-services.ts';
import { describeMachine } from './machine.ts';
import { parseBenchOptions, usage, type BenchOptions } from './options.ts';
import { printProfiles } from './profiles.ts';
import { measureReplicas } from './replicas-row.ts';
import { report, type Results } from './report.ts';
import { measureTracing } from './tracing-row.ts';
import { measureLatency, measurePosting, measureThroughput } from './rows.ts';

const resultsFile = fileURLToPath(new URL('RESULTS.md', import.meta.url));

const resultsHead = `# Results

Written by \`npm run bench -- --write\`; [README.md](README.md) describes what is measured, and how. Figures of different runs
are comparable only when the machine was equally busy; each ratio compares runs beside each other.
`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measure(bench: Bench, { rows }: BenchOptions): Promise<Results> {
  const results: Results = {};
  if (rows.has('post')) {
    print('POST /orders …');
    results.post = await measurePosting(bench);
  }
  if (rows.has('throughput')) {
    print('Orders per second, pipeline and floor alternating …');
    results.throughput = await measureThroughput(bench);
  }
  if (rows.has('latency')) {
    print('Placed to shipped at a steady rate …');
    results.latency = await measureLatency(bench);
  }
  if (rows.has('tracing')) {
    print('Orders per second, tracing off and on alternating …');
    results.tracing = await measureTracing(bench);
  }
  // The last row, because its payments are for orders that were never placed, and later consumers would dead-letter them.
  if (rows.has('replicas')) {
    print('Inventory replicas, one and three alternating …');
    results.replicas = await measureReplicas(bench);
  }
  return results;
}

async function main(): Promise<void> {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const profileDir = options.profileDir && resolve(options.profileDir);
  if (profileDir) mkdirSync(profileDir, { recursive: true });
  const dataDir = mkdtempSync(join(tmpdir(), 'order-pipeline-bench-'));
  const cleanUp = async (): Promise<void> => {
    await stopEverything();
    rmSync(dataDir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  }
  try {
    print('Starting Kafka and MongoDB …');
    const [kafka, mongo] = await Promise.all([
      startKafka({ dataDir: join(dataDir, 'kafka') }),
      startMongo({ dataDir: join(dataDir, 'mongo') }),
    ]);
    const env = {
      LOG_LEVEL: 'warn',
      ...(profileDir && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` }),
    };
    const bench: Bench = { dataDir, kafka, mongo, amounts: options.amounts, env, print };
    const machine = await describeMachine(bench);
    const table = report(await measure(bench, options), options.amounts);
    print(`\n${machine.join('\n')}\n\n${table.join('\n')}\n`);
    if (options.write) {
      const page = `${resultsHead}\n${machine.join('  \n')}\n\n${table.join('\n')}\n`;
      writeFileSync(resultsFile, await format(page, { ...(await resolveConfig(resultsFile)), filepath: resultsFile }));
    }
    if (profileDir) printProfiles(profileDir, print);
  } finally {
    await cleanUp();
  }
}

try {
  await main();
} catch (error) {
  const text = error instanceof SetupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`\n${text}\n`);
  process.exitCode = 1;
}
process.exit();
