/** One lag reader per Kafka cluster and login, shared by all resources that name it, and closed when it is not used any more. */
import { createKafkaCluster, type KafkaAddress, type KafkaCluster } from './cluster.ts';
import { LagReader } from './lag-reader.ts';
import type { KubeApi } from '../kube/api-client.ts';
import { objectPath } from '../kube/api-path.ts';
import type { KafkaSpec, SecretKey } from '../kube/custom-resource.ts';

/** How long a Secret is cached: a rotated password is used after at most this time. */
const secretMaxAgeMs = 60_000;
const idleLimitMs = 600_000;

type SecretData = Readonly<Record<string, string>>;

export class KafkaConnections {
  readonly #api: KubeApi;
  readonly #connect: (address: KafkaAddress) => KafkaCluster;
  readonly #now: () => number;
  readonly #secrets = new Map<string, { readonly readAt: number; readonly data: Promise<SecretData> }>();
  readonly #readers = new Map<string, { readonly reader: LagReader; usedAt: number }>();

  constructor(api: KubeApi, connect = createKafkaCluster, now = (): number => performance.now()) {
    this.#api = api;
    this.#connect = connect;
    this.#now = now;
  }

  /** Rejects when a Secret cannot be read. */
  async readerFor(namespace: string, kafka: KafkaSpec): Promise<LagReader> {
    const address = await this.#addressOf(namespace, kafka);
    const key = JSON.stringify(address);
    this.#closeIdle();
    const known = this.#readers.get(key);
    const reader = known?.reader ?? new LagReader(() => this.#connect(address));
    this.#readers.set(key, { reader, usedAt: this.#now() });
    return reader;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#readers.values()].map(({ reader }) => reader.stop()));
  }

  #closeIdle(): void {
    for (const [key, { reader, usedAt }] of this.#readers) {
      if (this.#now() - usedAt < idleLimitMs) continue;
      this.#readers.delete(key);
      void reader.stop();
    }
  }

  async #addressOf(namespace: string, { bootstrapServers, tls, sasl }: KafkaSpec): Promise<KafkaAddress> {
    const ca = tls?.caSecret && (await this.#secretText(namespace, tls.caSecret));
    const password = sasl && (await this.#secretText(namespace, sasl.passwordSecret));
    return {
      brokers: bootstrapServers.split(',').map((broker) => broker.trim()),
      tls: tls !== undefined && tls.enabled !== false ? { ca } : undefined,
      sasl: sasl && { mechanism: sasl.mechanism, username: sasl.username, password: password! },
    };
  }

  async #secretText(namespace: string, { name, key }: SecretKey): Promise<string> {
    const path = objectPath({ groupVersion: 'v1', resource: 'secrets', namespace }, name);
    const known = this.#secrets.get(path);
    const isFresh = known !== undefined && this.#now() - known.readAt <= secretMaxAgeMs;
    const data = await (isFresh ? known.data : this.#readSecret(path));
    const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
    if (encoded === undefined) {
      this.#secrets.delete(path);
      throw new Error(`Secret ${name} has no key ${key}`);
    }
    return Buffer.from(encoded, 'base64').toString('utf8').trim();
  }

  #readSecret(path: ReturnType<typeof objectPath>): Promise<SecretData> {
    const data = this.#api.get<{ data?: SecretData }>(path).then((secret) => secret.data ?? {});
    this.#secrets.set(path, { readAt: this.#now(), data });
    data.catch(() => this.#secrets.delete(path));
    return data;
  }
}
