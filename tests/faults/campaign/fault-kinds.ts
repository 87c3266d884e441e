/** The faults that a campaign knows. Each breaks something, waits, and heals it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { eventTypes } from '@order-pipeline/events';
import type { KafkaEngine } from '../../../dev/engines/kafka.ts';
import type { MongoEngine } from '../../../dev/engines/mongo.ts';
import type { Pipeline, ServiceName, ServiceReplica } from '../../../dev/pipeline.ts';
import type { Random } from './random.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';

export interface Battlefield {
  readonly pipeline: Pipeline;
  readonly kafka: KafkaEngine;
  readonly mongo: MongoEngine;
  readonly proxies: Readonly<Record<'kafka' | 'mongo', TcpProxy>>;
  /** Past the proxy, to write poison with. */
  readonly kafkaClient: Kafka;
  readonly sessionTimeoutMs: number;
}

export interface Fault {
  readonly name: FaultName;
  /** `signal` cuts the waiting short. Answers what was broken. */
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
  'poison message',
  'add or take away a replica',
] as const;
export type FaultName = (typeof faultNames)[number];

/** A service keeps two: else a campaign would spend its time without any rebalance there. */
const [minReplicas, maxReplicas] = [2, 3];

/** Resolves early, and does not throw, when the signal says so. */
export const lull = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);

const readyTries = 3;

/**
 * Answers the seconds it took. Each try is a minute: on a machine with much else to do a service needs more than one to
 * load its code.
 */
export async function untilReady(replica: Pick<ServiceReplica, 'start'>): Promise<number> {
  const begunMs = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await replica.start();
      return (performance.now() - begunMs) / 1_000;
    } catch (error) {
      if (attempt === readyTries) throw error;
    }
  }
}

/** Each draws all that it leaves to chance before it breaks anything: so what fails does not change what follows. */
export function createFaults(field: Battlefield, random: Random): readonly Fault[] {
  const { pipeline, kafka, mongo, proxies } = field;
  const anyService = (): ServiceName => random.pick(['order', 'payment', 'inventory', 'shipment'] as const);
  const anyReplica = (): ServiceReplica => random.pick(pipeline.services[anyService()]);

  const viaProxy =
    (break_: (proxy: TcpProxy) => string, seconds: readonly [number, number]) =>
    async (signal: AbortSignal): Promise<string> => {
      const engine = random.pick(['kafka', 'mongo'] as const);
      const proxy = proxies[engine];
      const what = break_(proxy);
      const ms = random.between(seconds[0] * 1_000, seconds[1] * 1_000);
      await lull(ms, signal);
      proxy.set('pass');
      return `${engine} ${what} for ${Math.round(ms)} ms`;
    };

  const killed =
    (engine: KafkaEngine | MongoEngine) =>
    async (signal: AbortSignal): Promise<string> => {
      const downMs = random.between(0, 4_000);
      await engine.kill();
      await lull(downMs, signal);
      await engine.start();
      return 'SIGKILL and restart';
    };

  const inflict: Readonly<Record<FaultName, Fault['inflict']>> = {
    async 'kill a replica'(signal) {
      const replica = anyReplica();
      const downMs = random.between(0, 2_000);
      await replica.kill('SIGKILL');
      await lull(downMs, signal);
      return `${replica.name}, ready again after ${(await untilReady(replica)).toFixed(1)} s`;
    },
    async 'freeze a replica past its session'(signal) {
      const replica = anyReplica();
      const frozenMs = field.sessionTimeoutMs + random.between(500, 3_000);
      await replica.kill('SIGSTOP');
      await lull(frozenMs, signal);
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
    async 'poison message'() {
      const topic = random.pick(eventTypes);
      const value = random.pick([
        Buffer.from('{"order_id": '),
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.from('{}'),
        null,
      ]);
      const key = `poison-${random.whole(0, 1e9)}`;
      const producer = field.kafkaClient.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      try {
        await producer.send({ topic, acks: -1, messages: [{ key, value }] });
      } finally {
        await producer.disconnect();
      }
      return topic;
    },
    async 'add or take away a replica'() {
      const service = anyService();
      const count = pipeline.services[service].length;
      const takesAway = random.chance(0.5);
      if (count > minReplicas && (count >= maxReplicas || takesAway)) {
        await pipeline.removeReplica(service);
        return `${service} ${count} → ${count - 1}`;
      }
      await pipeline.addReplica(service);
      return `${service} ${count} → ${count + 1}`;
    },
  };
  return faultNames.map((name) => ({ name, inflict: inflict[name] }));
}
