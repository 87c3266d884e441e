import { describe, expect, test } from '@jest/globals';
import { Health } from './health.ts';
import { createLifecycle, LifecycleTimeoutError, type Component } from './lifecycle.ts';
import { createLogger } from './logger.ts';

const logger = createLogger({ service: 's', level: 'silent' });

function recorded(options: { shutdownTimeoutMs?: number; startTimeoutMs?: number } = {}) {
  const log: string[] = [];
  const health = new Health();
  const lifecycle = createLifecycle({ logger, health, shutdownTimeoutMs: 1000, ...options });
  const add = (name: string, overrides: Partial<Component> = {}) =>
    lifecycle.add({ name, start: () => log.push(`start ${name}`), stop: () => log.push(`stop ${name}`), ...overrides });
  return { lifecycle, health, log, add };
}

describe('a lifecycle', () => {
  test('starts in the order added and stops in reverse', async () => {
    const { lifecycle, log, add } = recorded();
    for (const name of ['mongodb', 'http', 'consumer']) add(name);
    await lifecycle.start();
    await lifecycle.stop();
    expect(log).toEqual([
      'start mongodb',
      'start http',
      'start consumer',
      'stop consumer',
      'stop http',
      'stop mongodb',
    ]);
  });

  test('refuses a second component of one name', () => {
    const { add } = recorded();
    add('mongodb');
    expect(() => add('mongodb')).toThrow('Two components have the name "mongodb"');
  });

  test('is starting, then ready, and draining before anything stops', async () => {
    const { lifecycle, health, add } = recorded();
    const seen: string[] = [];
    add('a', { start: () => seen.push(health.readiness()), stop: () => seen.push(health.readiness()) });
    await lifecycle.start();
    seen.push(health.readiness());
    await lifecycle.stop();
    expect(seen).toEqual(['starting', 'ready', 'draining']);
    expect(lifecycle.stopping.aborted).toBe(true);
  });

  test('stops what has begun when a component fails to start, and throws its error', async () => {
    const { lifecycle, log, add } = recorded();
    add('a');
    add('b', { start: () => Promise.reject(new Error('no broker')) });
    add('c');
    await expect(lifecycle.start()).rejects.toThrow('no broker');
    expect(log).toEqual(['start a', 'stop b', 'stop a']);
  });

  test('names the component that does not start in time', async () => {
    const { lifecycle, add } = recorded({ startTimeoutMs: 20 });
    add('slow', { start: () => new Promise(() => {}) });
    await expect(lifecycle.start()).rejects.toThrow('slow did not start within 20 ms');
  });

  test('stops while it is still starting, and starts nothing further', async () => {
    const { lifecycle, log, add } = recorded();
    const begun = Promise.withResolvers<void>();
    add('waiting', {
      start: (stopping) => {
        begun.resolve();
        return new Promise((resolve) => stopping.addEventListener('abort', resolve));
      },
    });
    add('next');
    const starting = lifecycle.start();
    await begun.promise;
    await lifecycle.stop();
    await starting;
    expect(log).toEqual(['stop waiting']);
  });

  test('stops every component although one throws, and throws at the end', async () => {
    const { lifecycle, log, add } = recorded();
    add('a');
    add('b', {
      stop: () => {
        throw new Error('already closed');
      },
    });
    await lifecycle.start();
    await expect(lifecycle.stop()).rejects.toThrow(AggregateError);
    expect(log).toEqual(['start a', 'start b', 'stop a']);
  });

  test('names the component that did not stop before the time-out', async () => {
    const { lifecycle, add } = recorded({ shutdownTimeoutMs: 50 });
    add('a');
    add('stuck', { stop: () => new Promise(() => {}) });
    await lifecycle.start();
    await expect(lifecycle.stop()).rejects.toThrow(LifecycleTimeoutError);
    await expect(lifecycle.stop()).rejects.toThrow(/stuck did not stop/);
  });

  test('rejects `failed` when a component can no longer work', async () => {
    const { lifecycle } = recorded();
    lifecycle.fail(new Error('evicted from the group'));
    await expect(lifecycle.failed).rejects.toThrow('evicted from the group');
  });
});
