import { describe, expect, test } from '@jest/globals';
import { OutageError } from '@order-pipeline/resilience';
import { decodedEvents, neverAborted } from '../../test/decoded-events.ts';
import { OutageWait, withOutageWait } from './outage-wait.ts';

function open() {
  const logged: [string, string][] = [];
  const signs: (string | undefined)[] = [];
  const log = (level: string) => (_: object, message: string) => void logged.push([level, message]);
  const outages = new OutageWait({
    backoff: { firstMs: 1, maxMs: 2 },
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    onSignOfLife: () => void signs.push(outages.outage?.message),
  });
  return { outages, logged, signs };
}

const outage = (): OutageError => new OutageError('mongodb', new Error('no primary'));
const failing = (failures: number) => {
  let left = failures;
  return async () => {
    left -= 1;
    if (left >= 0) throw outage();
    return 'done';
  };
};
const reason = new Error('the consumer is stopping');

test('repeats the step until the dependency is available', async () => {
  const { outages, signs } = open();
  await expect(outages.waitOut(failing(4), neverAborted)).resolves.toBe('done');
  const message = 'mongodb unavailable: no primary';
  expect(signs).toEqual([message, message, message, message, undefined]);
  expect(outages.outage).toBeUndefined();
});

test('logs the beginning and the end of an outage once each', async () => {
  const { outages, logged } = open();
  await outages.waitOut(failing(4), neverAborted);
  await outages.waitOut(failing(0), neverAborted);
  expect(logged).toEqual([
    ['warn', 'waiting for an outage to end'],
    ['info', 'the outage is over'],
  ]);
});

test('lets every other error pass', async () => {
  const { outages, logged } = open();
  const error = new TypeError('our own fault');
  await expect(outages.waitOut(() => Promise.reject(error), neverAborted)).rejects.toBe(error);
  expect(logged).toEqual([]);
  expect(outages.outage).toBeUndefined();
});

test('ends its wait with the signal; the outage lasts until a step succeeds', async () => {
  const { outages, logged } = open();
  const abandon = new AbortController();
  const waiting = outages.waitOut(failing(Infinity), abandon.signal);
  abandon.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(outages.outage).toMatchObject({ dependency: 'mongodb' });
  await outages.waitOut(failing(0), neverAborted);
  expect(outages.outage).toBeUndefined();
  expect(logged.map(([, message]) => message)).toEqual(['waiting for an outage to end', 'the outage is over']);
});

describe('giving up', () => {
  test('ends the wait for the current outage', async () => {
    const { outages } = open();
    const waiting = outages.waitOut(failing(Infinity), outages.gaveUp);
    await new Promise(setImmediate);
    outages.giveUp(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('ends the wait for an outage that begins afterwards, and no step that succeeds', async () => {
    const { outages } = open();
    outages.giveUp(reason);
    await expect(outages.waitOut(failing(0), outages.gaveUp)).resolves.toBe('done');
    expect(outages.gaveUp.aborted).toBe(false);
    await expect(outages.waitOut(failing(Infinity), outages.gaveUp)).rejects.toThrow('mongodb unavailable: no primary');
    expect(outages.gaveUp.aborted).toBe(true);
  });
});

test('as middleware, calls the step with the same events', async () => {
  const { outages } = open();
  const events = decodedEvents(2);
  const seen: unknown[] = [];
  const step = failing(1);
  const patient = withOutageWait(outages, (given, signal) => {
    seen.push(given, signal);
    return step();
  });
  await expect(patient(events, neverAborted)).resolves.toBe('done');
  expect(seen).toEqual([events, neverAborted, events, neverAborted]);
});
