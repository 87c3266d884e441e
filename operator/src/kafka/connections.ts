/** One connection per Kafka cluster and login, shared by all resources that name it, and closed when none did for a while. */
import type { KafkaSpec, SecretKey } from '../kube/custom-resource.ts';
import { createKafkaCluster, type KafkaAddress, type KafkaCluster } from './cluster.ts';
import { createLagReader, type LagReader } from './lag-reader.ts';
import type { KubeApi } from '../kube/api-client.ts';
import { objectPath } from '../kube/api-path.ts';

export interface KafkaConnections {
  /** Throws when a Secret cannot be read. */
  readerFor(namespace: string, kafka: KafkaSpec): Promise<LagReader>;
  stop(): Promise<void>;
}

/** How long a Secret is believed: a password that was rotated is used after at most this time. */
const secretMs = 60_000;
const idleMs = 600_000;

export function createKafkaConnections(
  api: KubeApi,
  connect: (address: KafkaAddress) => KafkaCluster = createKafkaCluster,
  now: () => number = () => performance.now(),
): KafkaConnections {
  const secrets = new Map<string, { readonly at: number; readonly data: Promise<Record<string, string>> }>();
  const readers = new Map<string, { reader: LagReader; usedAt: number }>();

  async function secretText(namespace: string, { name, key }: SecretKey): Promise<string> {
    const path = objectPath({ groupVersion: 'v1', resource: 'secrets', namespace }, name);
    let known = secrets.get(path);
    if (known === undefined || now() - known.at > secretMs) {
      const data = api.get<{ data?: Record<string, string> }>(path).then((secret) => secret.data ?? {});
      known = { at: now(), data };
      secrets.set(path, known);
      data.catch(() => secrets.delete(path));
    }
    const data = await known.data;
    const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
    if (encoded === undefined) {
      secrets.delete(path);
      throw new Error(`Secret ${name} has no key ${key}`);
    }
    return Buffer.from(encoded, 'base64').toString('utf8').trim();
  }

  async function addressOf(namespace: string, { bootstrapServers, tls, sasl }: KafkaSpec): Promise<KafkaAddress> {
    const ca = tls?.caSecret && (await secretText(namespace, tls.caSecret));
    const password = sasl && (await secretText(namespace, sasl.passwordSecret));
    return {
      brokers: bootstrapServers.split(',').map((broker) => broker.trim()),
      tls: tls !== undefined && tls.enabled !== false ? { ca } : undefined,
      sasl: sasl && { mechanism: sasl.mechanism, username: sasl.username, password: password! },
    };
  }

  function closeIdle(): void {
    for (const [key, { reader, usedAt }] of readers) {
      if (now() - usedAt < idleMs) continue;
      readers.delete(key);
      void reader.stop();
    }
  }

  return {
    async readerFor(namespace, kafka) {
      const address = await addressOf(namespace, kafka);
      const key = JSON.stringify(address);
      closeIdle();
      let known = readers.get(key);
      if (known === undefined) {
        known = { reader: createLagReader(() => connect(address)), usedAt: 0 };
        readers.set(key, known);
      }
      known.usedAt = now();
      return known.reader;
    },
    async stop() {
      await Promise.all([...readers.values()].map(({ reader }) => reader.stop()));
    },
  };
}
