import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManagedProcess } from '../managed-process.ts';
import { freePort } from '../ports.ts';
import { SetupError } from '../setup-error.ts';
import { launchBroker } from './kafka-broker.ts';
import { newClusterId, type BrokerPorts, type BrokerSpec, type ExtraListener } from './kafka-config.ts';
import { kafkaFiles } from './kafka-files.ts';
import { kafkaReady } from './kafka-ready.ts';
import { mustBeFree } from './remembered-port.ts';
import { combine, createNode, lastLines, type EngineNode } from './node.ts';

export interface KafkaOptions {
  /** Contains data, ports and logs/; a later start with the same folder uses them again. */
  readonly dataDir: string;
  /** With 3, a topic has three replicas by default, of which two must be in sync. Default 1. */
  readonly brokers?: 1 | 3;
  /** Of the first broker. Default: a free port, remembered with the data. */
  readonly port?: number;
  /** For a proxy between clients and broker; broker n of a cluster uses both ports plus n - 1. */
  readonly extraListener?: ExtraListener;
}

export interface KafkaEngine extends EngineNode {
  readonly bootstrapServers: string;
  readonly clusterId: string;
  /** Each broker alone; the engine's own kill, stop and start act on all of them. */
  readonly brokers: readonly EngineNode[];
}

interface Remembered {
  readonly clusterId: string;
  readonly cluster: readonly BrokerPorts[];
}

/**
 * When a whole cluster stops, its last brokers wait for a quorum that no longer exists; a broker that is killed loses
 * nothing.
 */
const stopLimitMs = (brokers: number): number => (brokers === 1 ? 20_000 : 8_000);

/**
 * Starts real Kafka (KRaft, broker and controller in one process) and waits until it serves.
 *
 *   const kafka = await startKafka({ dataDir });
 *   new Kafka({ brokers: kafka.bootstrapServers.split(',') });
 *   await kafka.kill();   // SIGKILL; resolves when it has exited
 *   await kafka.start();  // same port, same data
 *   await kafka.stop();
 *
 * Throws SetupError when something on the machine is missing. It stops when this process exits, also by kill -9.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaEngine> {
  const files = await kafkaFiles();
  const { clusterId, cluster } = await recall(options);
  const specs = cluster.map((_, i): BrokerSpec => {
    const extra = options.extraListener;
    return {
      nodeId: i + 1,
      clusterId,
      cluster,
      dir: join(options.dataDir, `broker-${i + 1}`),
      logDir: join(options.dataDir, 'logs', `broker-${i + 1}`),
      extraListener: extra && { port: extra.port + i, advertisedPort: extra.advertisedPort + i },
    };
  });

  const brokers = specs.map((spec) =>
    createNode({
      launch: () => launchBroker(files, spec),
      ready: (process) => kafkaReady(spec, [spec.nodeId], () => whyExited(spec, process)),
      stopLimitMs: stopLimitMs(cluster.length),
    }),
  );
  const everyNode = specs.map((spec) => spec.nodeId);
  const all: EngineNode = combine(brokers, () =>
    kafkaReady(specs[0]!, everyNode, () => (all.pids.length === 0 ? 'it exited' : undefined)),
  );
  try {
    await all.start();
  } catch (error) {
    await all.stop();
    throw error;
  }
  return Object.assign(all, {
    bootstrapServers: cluster.map((node) => `127.0.0.1:${node.broker}`).join(','),
    clusterId,
    brokers,
  });
}

function whyExited(spec: BrokerSpec, process: ManagedProcess): string | undefined {
  if (!process.exit) return undefined;
  return (
    `broker ${spec.nodeId} exited (${process.exit.signal ?? `exit code ${process.exit.code}`}); its logs are in ` +
    `${spec.logDir} and end with:\n${lastLines(join(spec.logDir, 'console.log'), join(spec.logDir, 'server.log'))}`
  );
}

/** The cluster of this folder, or a new one. */
async function recall(options: KafkaOptions): Promise<Remembered> {
  const file = join(options.dataDir, 'cluster.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Remembered) : undefined;
  const count = options.brokers ?? known?.cluster.length ?? 1;
  if (known && known.cluster.length !== count) {
    throw new SetupError(
      `${options.dataDir} contains a Kafka cluster of ${known.cluster.length} broker(s), not of ${count}; ` +
        'start that many, or delete the folder.',
    );
  }
  const remembered = known?.cluster.flatMap(({ broker, controller }) => [broker, controller]) ?? [];
  await mustBeFree(remembered, 'Kafka', options.dataDir);
  const cluster: BrokerPorts[] = [];
  for (let i = 0; i < count; i++) {
    const ports = known?.cluster[i] ?? { broker: await freePort(), controller: await freePort() };
    cluster.push(i === 0 && options.port !== undefined ? { ...ports, broker: options.port } : ports);
  }
  const current = { clusterId: known?.clusterId ?? newClusterId(), cluster };
  mkdirSync(options.dataDir, { recursive: true });
  writeFileSync(file, JSON.stringify(current));
  return current;
}
