/** Faults, one after the other, drawn from the seed. Each heals after a while; `stop` heals what is still broken. */
import { setTimeout as pause } from 'node:timers/promises';
import { services } from '@order-pipeline/events';
import type { ServiceName } from '../../../dev/pipeline.ts';
import { shuffledBag } from './shuffled-rounds.ts';
import { createFaults, lull, untilReady, type Battlefield, type Fault } from './fault-kinds.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';

export interface InjectorOptions extends Battlefield {
  readonly random: Random;
  readonly history: History;
  readonly say: (line: string) => void;
  /** Other faults than those of a campaign, for tests. */
  readonly faults?: readonly Fault[];
}

export interface Injector {
  readonly counts: () => Readonly<Record<string, number>>;
  /** Once every kind has been there (a slow machine needs longer than the campaign). Answers what did not heal. */
  stop(): Promise<string[]>;
}

const firstRoundLimitMs = 120_000;
const lullMs = [100, 700] as const;

export function startInjector(options: InjectorOptions): Injector {
  const { pipeline, kafka, mongo, proxies, random, history, say } = options;
  const stopping = new AbortController();
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  const bag = shuffledBag(options.faults ?? createFaults(options, random), random);
  const firstRound = Promise.withResolvers<void>();

  /** What was broken must heal: a replica that does not come back is a finding, not a reason to end the campaign. */
  const healing = async (what: string, heal: () => unknown): Promise<void> => {
    try {
      await heal();
    } catch (error) {
      failures.push(`${what} did not heal: ${String(error)}`);
      say(failures.at(-1)!);
    }
  };

  const run = async (): Promise<void> => {
    await lull(1_000, stopping.signal);
    while (!stopping.signal.aborted) {
      const fault = bag.draw();
      await healing(fault.name, async () => {
        const detail = await fault.inflict(stopping.signal).catch((error: unknown) => {
          history.add({ kind: 'fault', fault: fault.name, detail: `did not heal: ${String(error)}` });
          throw error;
        });
        counts[fault.name] = (counts[fault.name] ?? 0) + 1;
        history.add({ kind: 'fault', fault: fault.name, detail });
        say(`${fault.name}: ${detail}`);
      });
      if (bag.rounds > 0) firstRound.resolve();
      await lull(random.between(...lullMs), stopping.signal);
    }
  };
  const running = run();

  return {
    counts: () => counts,
    async stop() {
      const tooLate = new AbortController();
      await Promise.race([
        firstRound.promise,
        pause(firstRoundLimitMs, undefined, { signal: tooLate.signal }).catch(() => undefined),
      ]);
      tooLate.abort();
      stopping.abort();
      await running;
      for (const proxy of Object.values(proxies)) proxy.set('pass');
      // Engines first: no service gets ready without them.
      await healing('the broker', () => kafka.start());
      await healing('mongod', () => mongo.start());
      for (const name of Object.keys(services) as ServiceName[]) {
        for (const replica of pipeline.services[name]) {
          await replica.kill('SIGCONT').catch(() => undefined);
          await healing(replica.name, () => untilReady(replica));
        }
      }
      return failures;
    },
  };
}
