/** A broker as a process: formats its storage, starts it, and records the classes that it loads. */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, stages, type ManagedProcess } from '../managed-process.ts';
import { freePort } from '../ports.ts';
import { run } from '../run.ts';
import { SetupError } from '../setup-error.ts';
import { javaRemedy } from './java.ts';
import { newClusterId, serverProperties, type BrokerSpec } from './kafka-config.ts';
import { kafkaReady } from './kafka-ready.ts';

/** Small and quick to start; a broker that runs for months would need the second compiler. */
const jvmFlags = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const formatLimitMs = 60_000;
const log4jConfig = fileURLToPath(new URL('log4j2.properties', import.meta.url));

/** Java, and Kafka's jars for it. */
export interface KafkaFiles {
  readonly java: string;
  readonly classPath: string;
  /** Flags that shorten the start; empty when the class-data archive could not be made. */
  readonly archiveFlags: readonly string[];
}

/** Starts the broker's process, and formats its storage first where that is new; `kafkaReady` waits until it serves. */
export async function launchBroker(
  files: KafkaFiles,
  spec: BrokerSpec,
  extraFlags: readonly string[] = [],
): Promise<ManagedProcess> {
  mkdirSync(spec.dir, { recursive: true });
  mkdirSync(spec.logDir, { recursive: true });
  const config = join(spec.dir, 'server.properties');
  writeFileSync(config, serverProperties(spec));
  const java = [
    ...jvmFlags,
    ...files.archiveFlags,
    ...extraFlags,
    `-Dkafka.logs.dir=${spec.logDir}`,
    `-Dlog4j2.configurationFile=${log4jConfig}`,
    '-cp',
    files.classPath,
  ];
  const formatted = join(spec.dir, 'formatted');
  if (!existsSync(formatted)) {
    const format = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', spec.clusterId, '-c', config];
    try {
      await run(files.java, [...java, ...format], { timeoutMs: formatLimitMs });
    } catch (error) {
      const reason = (error as Error).message.trim().split('\n').at(-1);
      throw new SetupError(`${files.java} could not format Kafka's storage in ${spec.dir}: ${reason}\n${javaRemedy}`);
    }
    writeFileSync(formatted, '');
  }
  const output = openSync(join(spec.logDir, 'console.log'), 'w');
  try {
    const args = [...java, 'kafka.Kafka', config];
    return await launch({ command: files.java, args, output, stage: stages.engine });
  } finally {
    closeSync(output);
  }
}

/** Starts and stops a broker once in a temporary folder, so that the JVM writes `kafka.jsa` with the classes it used. */
export async function runTrainingBroker(files: KafkaFiles, archiveDir: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-kafka-'));
  const cluster = [{ broker: await freePort(), controller: await freePort() }];
  const spec = { nodeId: 1, clusterId: newClusterId(), cluster, dir, logDir: join(dir, 'logs') };
  let broker: ManagedProcess | undefined;
  try {
    broker = await launchBroker(files, spec, [`-XX:ArchiveClassesAtExit=${join(archiveDir, 'kafka.jsa')}`]);
    await kafkaReady(spec, [1], () => (broker?.exit ? 'it exited' : undefined));
  } finally {
    await broker?.stop(30_000);
    rmSync(dir, { recursive: true, force: true });
  }
}
