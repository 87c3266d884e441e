/** Faults, one after the other, drawn from the seed. Each heals after a while; `stop` heals what is still broken. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { eventTypes, services } from '@order-pipeline/events';
import type { Pipeline, ServiceName, ServiceReplica } from '../../dev/pipeline.ts';
import type { KafkaEngine } from '../../dev/engines/kafka.ts';
import type { MongoEngine } from '../../dev/engines/mongo.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';
import type { TcpProxy } from './tcp-proxy.ts';

export interface Battlefield {
  readonly pipeline: Pipeline;
  readonly kafka: KafkaEngine;
  readonly mongo: MongoEngine;
  readonly proxies: Readonly<Record<'kafka' | 'mongo', TcpProxy>>;
  /** Past the proxy, to write poison with. */
  readonly kafkaClient: Kafka;
  readonly sessionTimeoutMs: number;
}

export interface InjectorOptions extends Battlefield {
  readonly random: Random;
  readonly history: History;
  readonly say: (line: string) => void;
}

interface Fault {
  readonly name: string;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** Breaks something, waits, heals it; `signal` cuts the waiting short. */
  inflict(signal: AbortSignal): Promise<string>;
}

export interface Injector {
  readonly counts: () => Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const maxReplicas = 3;

export function startInjector(options: InjectorOptions): Injector {
  const { pipeline, random, history, say } = options;
  const stopping = new AbortController();
  const counts: Record<string, number> = {};
  const failures: unknown[] = [];

  const lull = (ms: number, signal: AbortSignal): Promise<void> =>
    pause(ms, undefined, { signal }).catch(() => undefined) as Promise<void>;
  const anyService = (): ServiceName => random.pick(['order', 'payment', 'inventory', 'shipment'] as const);
  const anyReplica = (): ServiceReplica => random.pick(pipeline.services[anyService()]);

  const viaProxy = (
    name: string,
    weight: number,
    break_: (proxy: TcpProxy) => string,
    seconds: readonly [number, number],
  ): Fault => ({
    name,
    weight,
    async inflict(signal) {
      const engine = random.pick(['kafka', 'mongo'] as const);
      const proxy = options.proxies[engine];
      const what = break_(proxy);
      const ms = random.between(seconds[0] * 1_000, seconds[1] * 1_000);
      await lull(ms, signal);
      proxy.set('pass');
      return `${engine} ${what} for ${Math.round(ms)} ms`;
    },
  });

  const faults: readonly Fault[] = [
    {
      name: 'kill a replica',
      weight: 5,
      async inflict(signal) {
        const replica = anyReplica();
        await replica.kill('SIGKILL');
        await lull(random.between(0, 2_000), signal);
        await replica.start();
        return replica.name;
      },
    },
    {
      name: 'freeze a replica past its session',
      weight: 2,
      async inflict(signal) {
        const replica = anyReplica();
        await replica.kill('SIGSTOP');
        await lull(options.sessionTimeoutMs + random.between(500, 3_000), signal);
        await replica.kill('SIGCONT');
        return replica.name;
      },
    },
    {
      name: 'kill the broker',
      weight: 2,
      async inflict(signal) {
        await options.kafka.kill();
        await lull(random.between(0, 4_000), signal);
        await options.kafka.start();
        return 'SIGKILL and restart';
      },
    },
    {
      name: 'kill mongod',
      weight: 2,
      async inflict(signal) {
        await options.mongo.kill();
        await lull(random.between(0, 4_000), signal);
        await options.mongo.start();
        return 'SIGKILL and restart';
      },
    },
    viaProxy('cut connections', 3, (proxy) => (proxy.cut(), 'cut'), [0, 0.5]),
    viaProxy('refuse connections', 1, (proxy) => (proxy.set('refuse'), proxy.cut(), 'refused'), [1, 4]),
    viaProxy('half-close connections', 2, (proxy) => (proxy.halfClose(), 'half-closed'), [0, 1]),
    viaProxy('delay packets', 3, (proxy) => (proxy.set('delay', random.between(20, 300)), 'delayed'), [1, 5]),
    viaProxy('black hole', 2, (proxy) => (proxy.set('black-hole'), 'black hole'), [1, 6]),
    {
      name: 'poison message',
      weight: 3,
      async inflict() {
        const topic = random.pick(eventTypes);
        const value = random.pick([
          Buffer.from('{"order_id": '),
          Buffer.from([0xff, 0xfe, 0x00]),
          Buffer.from('{}'),
          null,
        ]);
        const producer = options.kafkaClient.producer({ allowAutoTopicCreation: false });
        await producer.connect();
        try {
          await producer.send({ topic, acks: -1, messages: [{ key: `poison-${random.whole(0, 1e9)}`, value }] });
        } finally {
          await producer.disconnect();
        }
        return topic;
      },
    },
    {
      name: 'add or take away a replica',
      weight: 3,
      async inflict() {
        const service = anyService();
        const count = pipeline.services[service].length;
        if (count > 1 && (count >= maxReplicas || random.chance(0.5))) {
          await pipeline.removeReplica(service);
          return `${service} ${count} → ${count - 1}`;
        }
        await pipeline.addReplica(service);
        return `${service} ${count} → ${count + 1}`;
      },
    },
  ];
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  const draw = (): Fault => {
    let left = random.next() * total;
    return faults.find(({ weight }) => (left -= weight) < 0) ?? faults[0]!;
  };

  const run = async (): Promise<void> => {
    await lull(2_000, stopping.signal);
    while (!stopping.signal.aborted) {
      const fault = draw();
      try {
        const detail = await fault.inflict(stopping.signal);
        counts[fault.name] = (counts[fault.name] ?? 0) + 1;
        history.add({ kind: 'fault', fault: fault.name, detail });
        say(`${fault.name}: ${detail}`);
      } catch (error) {
        // What was broken must heal: a replica that does not come back is a finding, not a reason to end the campaign.
        failures.push(error);
        history.add({ kind: 'fault', fault: fault.name, detail: `did not heal: ${String(error)}` });
        say(`${fault.name} did not heal: ${String(error)}`);
      }
      await lull(random.between(100, 1_500), stopping.signal);
    }
  };
  const running = run();

  return {
    counts: () => counts,
    async stop() {
      stopping.abort();
      await running;
      for (const proxy of Object.values(options.proxies)) proxy.set('pass');
      for (const name of Object.keys(services) as ServiceName[]) {
        for (const replica of pipeline.services[name] ?? []) {
          await replica.kill('SIGCONT').catch(() => undefined);
          await replica.start();
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'some faults did not heal');
    },
  };
}
