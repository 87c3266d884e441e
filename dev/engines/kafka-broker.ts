import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, stages, type ManagedProcess } from '../managed-process.ts';
import { freePort } from '../ports.ts';
import { run } from '../run.ts';
import { SetupError } from '../setup-error.ts';
import { javaRemedy } from './java.ts';
import type { KafkaFiles } from './kafka-files.ts';
import { kafkaReady, offsetsPartitions } from './kafka-ready.ts';

/** Small and quick to start; a broker that lives for months would want the second compiler. */
const jvmFlags = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const formatLimitMs = 60_000;
const log4jConfig = fileURLToPath(new URL('log4j2.properties', import.meta.url));

export interface BrokerPorts {
  readonly broker: number;
  readonly controller: number;
}

export interface ExtraListener {
  /** The broker listens here as well … */
  readonly port: number;
  /** … and tells clients who come this way to go on here, where a proxy listens. */
  readonly advertisedPort: number;
}

export interface BrokerSpec {
  readonly nodeId: number;
  readonly clusterId: string;
  /** Of all nodes of the cluster, this one included, by node id from 1. */
  readonly cluster: readonly BrokerPorts[];
  readonly dir: string;
  readonly logDir: string;
  readonly extraListener?: ExtraListener | undefined;
}

/** Not starting with "-", which the format tool would take for an option. */
export const newClusterId = (): string => `k${randomBytes(16).toString('base64url').slice(1, 22)}`;

/** Starts the broker's process, and formats its storage first where that is new; `kafkaReady` tells when it serves. */
export async function launchBroker(
  files: KafkaFiles,
  spec: BrokerSpec,
  extraFlags: readonly string[] = [],
): Promise<ManagedProcess> {
  mkdirSync(spec.dir, { recursive: true });
  mkdirSync(spec.logDir, { recursive: true });
  const config = join(spec.dir, 'server.properties');
  writeFileSync(config, properties(spec));
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
      throw new SetupError(`${files.java} could not prepare Kafka's storage in ${spec.dir}: ${reason}\n${javaRemedy}`);
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

function properties(spec: BrokerSpec): string {
  const ports = spec.cluster[spec.nodeId - 1];
  if (!ports) throw new Error(`node ${spec.nodeId} is not in the cluster`);
  const extra = spec.extraListener;
  const copies = Math.min(3, spec.cluster.length);
  const minInSync = Math.max(1, copies - 1);
  const lines: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': spec.nodeId,
    // The voters stand here and not in the data, so that a node can come back on other ports.
    'controller.quorum.voters': spec.cluster.map((node, i) => `${i + 1}@127.0.0.1:${node.controller}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners:
      `PLAINTEXT://127.0.0.1:${ports.broker},CONTROLLER://127.0.0.1:${ports.controller}` +
      (extra ? `,EXTRA://127.0.0.1:${extra.port}` : ''),
    'advertised.listeners':
      `PLAINTEXT://127.0.0.1:${ports.broker}` + (extra ? `,EXTRA://127.0.0.1:${extra.advertisedPort}` : ''),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTRA:PLAINTEXT',
    'log.dirs': join(spec.dir, 'data'),
    'auto.create.topics.enable': false,
    'default.replication.factor': copies,
    'min.insync.replicas': minInSync,
    'offsets.topic.num.partitions': offsetsPartitions,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': 2,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': minInSync,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker is missed, and may register anew, after this time instead of 9 s.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    // The default, 128 MB, is half of the heap, for compaction of topics that are tiny here.
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** Starts and stops a broker once in a temporary place, so that the JVM writes `kafka.jsa` with the classes it used. */
export async function runTrainingBroker(files: KafkaFiles, archiveDir: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-kafka-'));
  const cluster = [{ broker: await freePort(), controller: await freePort() }];
  const spec = { nodeId: 1, clusterId: newClusterId(), cluster, dir, logDir: join(dir, 'logs') };
  let broker: ManagedProcess | undefined;
  try {
    broker = await launchBroker(files, spec, [`-XX:ArchiveClassesAtExit=${join(archiveDir, 'kafka.jsa')}`]);
    await kafkaReady(spec, [1], () => (broker?.exit ? 'it ended' : undefined));
  } finally {
    await broker?.stop(30_000);
    rmSync(dir, { recursive: true, force: true });
  }
}
