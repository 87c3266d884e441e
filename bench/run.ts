/** `npm run bench`: the pipeline measured from outside, and beside it what the engines' drivers alone cost. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { startKafka } from '../dev/engines/kafka.ts';
import { startMongo } from '../dev/engines/mongo.ts';
import { endEverything } from '../dev/managed-process.ts';
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
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function measure(bench: Bench, { rows }: BenchOptions): Promise<Results> {
  const results: Results = {};
  if (rows.has('post')) {
    say('POST /orders …');
    results.post = await measurePosting(bench);
  }
  if (rows.has('throughput')) {
    say('Orders per second, pipeline and floor by turns …');
    results.throughput = await measureThroughput(bench);
  }
  if (rows.has('latency')) {
    say('Placed to shipped at a steady rate …');
    results.latency = await measureLatency(bench);
  }
  if (rows.has('tracing')) {
    say('Orders per second, tracing off and on by turns …');
    results.tracing = await measureTracing(bench);
  }
  // The last, because its payments are for orders that nobody placed: whoever consumes them later has to give them up.
  if (rows.has('replicas')) {
    say('Inventory replicas, one and three by turns …');
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
  const end = async (): Promise<void> => {
    await endEverything();
    rmSync(dataDir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void end().finally(() => process.exit(130)));
  }
  try {
    say('Starting Kafka and MongoDB …');
    const [kafka, mongo] = await Promise.all([
      startKafka({ dataDir: join(dataDir, 'kafka') }),
      startMongo({ dataDir: join(dataDir, 'mongo') }),
    ]);
    const env = {
      LOG_LEVEL: 'warn',
      ...(profileDir && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` }),
    };
    const bench: Bench = { dataDir, kafka, mongo, amounts: options.amounts, env, say };
    const machine = await describeMachine(bench);
    const table = report(await measure(bench, options), options.amounts);
    say(`\n${machine.join('\n')}\n\n${table.join('\n')}\n`);
    if (options.write) {
      const page = `${resultsHead}\n${machine.join('  \n')}\n\n${table.join('\n')}\n`;
      writeFileSync(resultsFile, await format(page, { ...(await resolveConfig(resultsFile)), filepath: resultsFile }));
    }
    if (profileDir) printProfiles(profileDir, say);
  } finally {
    await end();
  }
}

const resultsHead = `# Results

Written by \`npm run bench -- --write\`; what is measured, and how, is in [README.md](README.md). Figures of different runs
compare only as far as the machine was equally busy; the ratios are of one run each.
`;

try {
  await main();
} catch (error) {
  const text = error instanceof SetupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`\n${text}\n`);
  process.exitCode = 1;
}
process.exit();
