/** What a broker is started with: the cluster's nodes and ports, and `server.properties`. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

export interface BrokerPorts {
  readonly broker: number;
  readonly controller: number;
}

export interface ExtraListener {
  /** The broker listens here as well … */
  readonly port: number;
  /** … and advertises this port to clients that connect here, for a proxy in between. */
  readonly advertisedPort: number;
}

export interface BrokerSpec {
  readonly nodeId: number;
  readonly clusterId: string;
  /** All nodes of the cluster, this one included, by node id from 1. */
  readonly cluster: readonly BrokerPorts[];
  readonly dir: string;
  readonly logDir: string;
  readonly extraListener?: ExtraListener | undefined;
}

/** Few, because each is opened at the start; more than one, so that groups of a cluster have different coordinators. */
export const offsetsPartitions = 4;

/** Not starting with "-", which the format tool would take for an option. */
export const newClusterId = (): string => `k${randomBytes(16).toString('base64url').slice(1, 22)}`;

export function serverProperties(spec: BrokerSpec): string {
  const ports = spec.cluster[spec.nodeId - 1];
  if (!ports) throw new Error(`node ${spec.nodeId} is not in the cluster`);
  const extra = spec.extraListener;
  const copies = Math.min(3, spec.cluster.length);
  const minInSync = Math.max(1, copies - 1);
  const lines: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': spec.nodeId,
    // The voters are configured here and not in the data, so that a node can restart on other ports.
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
    // A killed broker is noticed, and may register again, after this time instead of 9 s.
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
