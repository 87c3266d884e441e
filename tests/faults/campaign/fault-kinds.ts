/** The faults of a campaign. Each breaks something, waits, and heals it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { eventTypes } from '@order-pipeline/events';
import type { KafkaEngine } from '../../../dev/engines/kafka.ts';
import type { MongoEngine } from '../../../dev/engines/mongo.ts';
import type { Pipeline, ServiceName, ServiceReplica } from '../../../dev/pipeline.ts';
import type { Random } from './random.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';

export interface Targets {
  readonly pipeline: Pipeline;
  readonly kafka: KafkaEngine;
  readonly mongo: MongoEngine;
  readonly proxies: Readonly<Record<'kafka' | 'mongo', TcpProxy>>;
  /** Bypasses the proxy, to produce bad records. */
  readonly kafkaClient: Kafka;
  readonly sessionTimeoutMs: number;
}

export interface Fault {
  readonly name: FaultName;
  /** `signal` ends the wait early. Returns what was broken. */
  inflict(signal: AbortSignal): Promise<string>;
}

export const faultNames = [
  'kill a replica',
  'freeze a replica past its session',
  'kill the broker',
  'kill mongod',
  'cut connections',
  'refuse connections',
  'half-close connections',
  'delay packets',
  'black hole',
  'bad record',
  'add or remove a replica',
] as const;
type FaultName = (typeof faultNames)[number];

/** The keys of bad records start with this. */
export const badRecordKey = 'bad-record-';

/** A service keeps two replicas; with one, a campaign would see no rebalance of its group. */
const [minReplicas, maxReplicas] = [2, 3];

/** Resolves early, and does not throw, when the signal aborts. */
export const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);

const maxAttempts = 3;

/** Returns the seconds it took. An attempt lasts a minute; on a busy machine a service may need more than one to load. */
export async function untilReady(replica: Pick<ServiceReplica, 'start'>): Promise<number> {
  const begunMs = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await replica.start();
      return (performance.now() - begunMs) / 1_000;
    } catch (error) {
      if (attempt === maxAttempts) throw error;
    }
  }
}

/** Each fault draws all its random values before it breaks anything, so a failure does not change the faults that follow. */
export function createFaults(targets: Targets, random: Random): readonly Fault[] {
  const { pipeline, kafka, mongo, proxies } = targets;
  const anyService = (): ServiceName => random.pick(['order', 'payment', 'inventory', 'shipment'] as const);
  const anyReplica = (): ServiceReplica => random.pick(pipeline.services[anyService()]);

  const viaProxy =
    (break_: (proxy: TcpProxy) => string, seconds: readonly [number, number]) =>
    async (signal: AbortSignal): Promise<string> => {
      const engine = random.pick(['kafka', 'mongo'] as const);
      const proxy = proxies[engine];
      const what = break_(proxy);
      const ms = random.between(seconds[0] * 1_000, seconds[1] * 1_000);
      await wait(ms, signal);
      proxy.set('pass');
      return `${engine} ${what} for ${Math.round(ms)} ms`;
    };

  const killed =
    (engine: KafkaEngine | MongoEngine) =>
    async (signal: AbortSignal): Promise<string> => {
      const downMs = random.between(0, 4_000);
      await engine.kill();
      await wait(downMs, signal);
      await engine.start();
      return 'SIGKILL and restart';
    };

  const inflict: Readonly<Record<FaultName, Fault['inflict']>> = {
    async 'kill a replica'(signal) {
      const replica = anyReplica();
      const downMs = random.between(0, 2_000);
      await replica.kill('SIGKILL');
      await wait(downMs, signal);
      return `${replica.name}, ready again after ${(await untilReady(replica)).toFixed(1)} s`;
    },
    async 'freeze a replica past its session'(signal) {
      const replica = anyReplica();
      const frozenMs = targets.sessionTimeoutMs + random.between(500, 3_000);
      await replica.kill('SIGSTOP');
      await wait(frozenMs, signal);
      await replica.kill('SIGCONT');
      return replica.name;
    },
    'kill the broker': killed(kafka),
    'kill mongod': killed(mongo),
    'cut connections': viaProxy((proxy) => (proxy.cut(), 'cut'), [0, 0.5]),
    'refuse connections': viaProxy((proxy) => (proxy.set('refuse'), proxy.cut(), 'refused'), [1, 4]),
    'half-close connections': viaProxy((proxy) => (proxy.halfClose(), 'half-closed'), [0, 1]),
    'delay packets': viaProxy((proxy) => (proxy.set('delay', random.between(20, 300)), 'delayed'), [1, 5]),
    'black hole': viaProxy((proxy) => (proxy.set('black-hole'), 'black hole'), [1, 6]),
    async 'bad record'() {
      const topic = random.pick(eventTypes);
      const value = random.pick([
        Buffer.from('{"order_id": '),
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.from('{}'),
        null,
      ]);
      const key = `${badRecordKey}${random.whole(0, 1e9)}`;
      const producer = targets.kafkaClient.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      try {
        await producer.send({ topic, acks: -1, messages: [{ key, value }] });
      } finally {
        await producer.disconnect();
      }
      return topic;
    },
    async 'add or remove a replica'() {
      const service = anyService();
      const count = pipeline.services[service].length;
      const removes = random.chance(0.5);
      if (count > minReplicas && (count >= maxReplicas || removes)) {
        await pipeline.removeReplica(service);
        return `${service} ${count} → ${count - 1}`;
      }
      await pipeline.addReplica(service);
      return `${service} ${count} → ${count + 1}`;
    },
  };
  return faultNames.map((name) => ({ name, inflict: inflict[name] }));
}
