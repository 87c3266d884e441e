import { describe, expect, test } from '@jest/globals';
import { OutageError } from '@order-pipeline/resilience';
import { Startup, type StartupStep } from './startup.ts';

const outage = () => new OutageError('mongodb', new Error('no primary'));

function open(...steps: StartupStep[]) {
  const failures: unknown[] = [];
  const startup = new Startup((error) => failures.push(error));
  for (const step of steps) startup.add(step);
  const stopping = new AbortController();
  return { startup, failures, stopping };
}

describe('a startup', () => {
  test('runs its steps one after the other, in the order in which they were added', async () => {
    const log: string[] = [];
    const step = (name: string) => async () => {
      log.push(`${name} begins`);
      await new Promise(setImmediate);
      log.push(`${name} ends`);
    };
    const { startup, stopping } = open(step('indexes'), step('relay'));
    startup.start(stopping.signal);
    await startup.stop();
    expect(log).toEqual(['indexes begins', 'indexes ends', 'relay begins', 'relay ends']);
  });

  test('returns at once, and is done when its last step has ended', async () => {
    const last = Promise.withResolvers<void>();
    const { startup, stopping } = open(() => last.promise);
    expect(startup.start(stopping.signal)).toBeUndefined();
    expect(startup.isDone).toBe(false);
    last.resolve();
    await startup.stop();
    expect(startup.isDone).toBe(true);
  });

  test('repeats a step that an outage interrupted, and no step before it', async () => {
    const calls = { first: 0, second: 0 };
    const { startup, failures, stopping } = open(
      () => void (calls.first += 1),
      async () => {
        calls.second += 1;
        if (calls.second < 3) throw outage();
      },
    );
    startup.start(stopping.signal);
    await startup.stop();
    expect(calls).toEqual({ first: 1, second: 3 });
    expect({ done: startup.isDone, failures }).toEqual({ done: true, failures: [] });
  });

  test('reports what a step throws other than an outage, and runs no further step', async () => {
    const fault = new TypeError('no such option');
    let later = 0;
    const { startup, failures, stopping } = open(
      () => Promise.reject(fault),
      () => void (later += 1),
    );
    startup.start(stopping.signal);
    await startup.stop();
    expect({ failures, later, done: startup.isDone }).toEqual({ failures: [fault], later: 0, done: false });
  });

  test('ends without a failure when the service stops during an outage', async () => {
    const tried = Promise.withResolvers<void>();
    const { startup, failures, stopping } = open(async () => {
      tried.resolve();
      throw outage();
    });
    startup.start(stopping.signal);
    await tried.promise;
    stopping.abort();
    await startup.stop();
    expect({ failures, done: startup.isDone }).toEqual({ failures: [], done: false });
  });
});
