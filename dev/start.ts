/** `npm start`: runs the whole pipeline on this machine, until Ctrl-C. */
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auditorPort, auditorPortVariable, startAuditor, type Auditor } from './auditor.ts';
import { banner } from './banner.ts';
import { emptyDataFolder, lockDataFolder } from './data-folder.ts';
import { superviseEngines } from './engine-supervisor.ts';
import { killEverything, stopEverything } from './managed-process.ts';
import { print } from './output.ts';
import { buildPage } from './page-build.ts';
import { processNames, startPipeline, type Pipeline } from './pipeline.ts';
import { portHolder } from './port-holder.ts';
import { isFree } from './ports.ts';
import { fixedPort, portVariable } from './service-environment.ts';
import { isSetupError, SetupError } from './setup-error.ts';
import { parseStartOptions, usage } from './start-options.ts';
import { isNotReadyError } from './wait-for.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

// The terminal, npm and our own wrapper may each deliver the same Ctrl-C.
const sameSignalMs = 500;

const stopping = Promise.withResolvers<'stop'>();
let firstSignalMs: number | undefined;

function onSignal(): void {
  if (firstSignalMs === undefined) {
    firstSignalMs = performance.now();
    stopping.resolve('stop');
  } else if (performance.now() - firstSignalMs > sameSignalMs) {
    killEverything();
    process.exit(130);
  }
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
// The reader of our output has exited, so nothing shows any more what happens here.
process.stdout.on('error', onSignal);
process.stderr.on('error', onSignal);

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const dataDir = resolve(repository, options.dataDir);
  // First of all, so that a second start names the first one and not a port in use.
  const lock = await lockDataFolder(dataDir, print);
  try {
    await mustBeFree();
    if (options.fresh) emptyDataFolder(dataDir);
    const startMs = performance.now();
    await buildPage(print);
    const { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongo } = process.env;
    print(`Starting ${[!kafka && 'Kafka', !mongo && 'MongoDB', 'services'].filter(Boolean).join(', ')} …`);
    const starting = startPipeline({
      dataDir,
      replicas: { ...Object.fromEntries(processNames.map((name) => [name, 1])), ...options.replicas },
      env: { AUDIT_METRICS_URL: `http://127.0.0.1:${auditorPort()}/metrics` },
      ports: 'fixed',
      output: 'inherit',
      restart: true,
      print,
      ...(kafka && { kafka }),
      ...(mongo && { mongo }),
    });
    const pipeline = await Promise.race([starting, stopping.promise]);
    if (pipeline === 'stop') {
      starting.catch(() => {}); // fails, because its processes are stopped
      await stopEverything();
      return;
    }
    const { bootstrapServers, mongoUri } = pipeline;
    const auditor = await startAuditor({ bootstrapServers, mongoUri, print });
    print(banner(pipeline, auditor, performance.now() - startMs));
    const engines = { Kafka: pipeline.kafka, MongoDB: pipeline.mongo };
    const supervision = new AbortController();
    superviseEngines({ engines, print }, supervision.signal);
    await stopping.promise;
    supervision.abort();
    await stop(pipeline, auditor, dataDir);
  } finally {
    lock.release();
  }
}

async function stop(pipeline: Pipeline, auditor: Auditor, dataDir: string): Promise<void> {
  print('Stopping (Ctrl-C again kills) …');
  await auditor.stop();
  const results = await pipeline.stop();
  for (const [name, { exitCode, signal }] of Object.entries(results)) {
    if (exitCode !== 0) print(`${name} did not stop cleanly (${signal ?? `exit code ${exitCode}`})`);
  }
  print(`Stopped. The data is in ${relative(process.cwd(), dataDir) || dataDir}.`);
}

async function mustBeFree(): Promise<void> {
  const wanted = [
    ...processNames.map((name) => ({ user: `${name} service`, port: fixedPort(name), variable: portVariable(name) })),
    { user: 'auditor', port: auditorPort(), variable: auditorPortVariable },
  ];
  for (const { user, port, variable } of wanted) {
    if (await isFree(port)) continue;
    const holder = portHolder(port) ?? 'another process';
    throw new SetupError(
      `Port ${port} of the ${user} is used by ${holder}; stop that process, or choose another port: ` +
        `${variable}=${port + 1000} npm start`,
    );
  }
}

try {
  await main();
} catch (error) {
  const explained = isSetupError(error) || isNotReadyError(error);
  process.stderr.write(`\n${explained ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = 1;
}
// Sockets of an interrupted start may still be open; all that matters has been awaited.
process.exit();
