/** Injects faults one after the other, drawn from the seed. Each heals after a while; `stop` heals what is still broken. */
import { services } from '@order-pipeline/events';
import { endsWithin } from '@order-pipeline/resilience';
import type { ServiceName } from '../../../dev/pipeline.ts';
import { shuffledRounds } from './shuffled-rounds.ts';
import { createFaults, wait, untilReady, type Targets, type Fault } from './fault-kinds.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';

export interface InjectorOptions extends Targets {
  readonly random: Random;
  readonly history: History;
  readonly say: (line: string) => void;
  /** For tests, in place of a campaign's faults. */
  readonly faults?: readonly Fault[];
}

export interface Injector {
  readonly counts: () => Readonly<Record<string, number>>;
  /** Waits until every kind has occurred (longer than the campaign on a slow machine). Returns what did not heal. */
  stop(): Promise<string[]>;
}

const firstRoundLimitMs = 120_000;
const pauseMs = [100, 700] as const;

export function startInjector(options: InjectorOptions): Injector {
  const { pipeline, kafka, mongo, proxies, random, history, say } = options;
  const stopping = new AbortController();
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  const draws = shuffledRounds(options.faults ?? createFaults(options, random), random);
  const firstRound = Promise.withResolvers<void>();

  /** What was broken must heal: a replica that does not restart is a violation, and the campaign continues. */
  const healing = async (what: string, heal: () => unknown): Promise<void> => {
    try {
      await heal();
    } catch (error) {
      failures.push(`${what} did not heal: ${String(error)}`);
      say(failures.at(-1)!);
    }
  };

  const run = async (): Promise<void> => {
    await wait(1_000, stopping.signal);
    while (!stopping.signal.aborted) {
      const fault = draws.draw();
      await healing(fault.name, async () => {
        const detail = await fault.inflict(stopping.signal).catch((error: unknown) => {
          history.add({ kind: 'fault', fault: fault.name, detail: `did not heal: ${String(error)}` });
          throw error;
        });
        counts[fault.name] = (counts[fault.name] ?? 0) + 1;
        history.add({ kind: 'fault', fault: fault.name, detail });
        say(`${fault.name}: ${detail}`);
      });
      if (draws.rounds > 0) firstRound.resolve();
      await wait(random.between(...pauseMs), stopping.signal);
    }
  };
  const running = run();

  return {
    counts: () => counts,
    async stop() {
      await endsWithin(firstRoundLimitMs, firstRound.promise);
      stopping.abort();
      await running;
      for (const proxy of Object.values(proxies)) proxy.set('pass');
      // Engines first: no service becomes ready without them.
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
