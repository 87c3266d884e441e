import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodedEvents, neverAborted } from '../../test/decoded-events.ts';
import type { Step } from '../consumer/handler.ts';
import type { OutgoingRecord } from '../record.ts';
import { withDeadLetters } from './dead-letters.ts';

const outcomeOf = (offset: string): OutgoingRecord => ({ topic: 'outcomes', key: offset, value: null, headers: {} });

/** Fails on a batch that holds one of these offsets; otherwise it has an outcome for each event. */
function stepFailingOn(offsets: readonly number[], error: unknown = new TypeError('no decision')) {
  const batches: string[][] = [];
  const step: Step<readonly OutgoingRecord[]> = async (events) => {
    batches.push(events.map(({ offset }) => offset));
    if (events.some(({ offset }) => offsets.includes(Number(offset)))) throw error;
    return events.map(({ offset }) => outcomeOf(offset));
  };
  return { step, batches };
}

test('passes the outcomes of a batch that succeeds, in one call', async () => {
  const { step, batches } = stepFailingOn([]);
  const { outcomes, deadLetters } = await withDeadLetters(3, step)(decodedEvents(4), neverAborted);
  expect(outcomes.map(({ key }) => key)).toEqual(['0', '1', '2', '3']);
  expect(deadLetters).toEqual([]);
  expect(batches).toHaveLength(1);
});

test('calls no step without events', async () => {
  const { step, batches } = stepFailingOn([]);
  expect(await withDeadLetters(3, step)([], neverAborted)).toEqual({ outcomes: [], deadLetters: [] });
  expect(batches).toEqual([]);
});

test('dead-letters the event that fails alone, with its record, error and attempts', async () => {
  const error = new RangeError('no decision');
  const events = decodedEvents(3);
  const { deadLetters } = await withDeadLetters(5, stepFailingOn([1], error).step)(events, neverAborted);
  expect(deadLetters).toEqual([{ record: events[1]!.record, kind: 'handler', attempts: 5, error }]);
});

test('makes an error of what is thrown and is none', async () => {
  const { deadLetters } = await withDeadLetters(1, stepFailingOn([0], 'a text').step)(decodedEvents(1), neverAborted);
  expect(deadLetters[0]!.error).toEqual(new Error('a text'));
});

test('isolates exactly the failing events, and keeps the order of the outcomes', async () => {
  const batch = fc
    .integer({ min: 1, max: 40 })
    .chain((size) => fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat({ max: size - 1 }))));
  await fc.assert(
    fc.asyncProperty(batch, async ([size, failing]) => {
      const decided = await withDeadLetters(1, stepFailingOn(failing).step)(decodedEvents(size), neverAborted);
      const numbers = Array.from({ length: size }, (_, offset) => offset);
      expect(decided.outcomes.map(({ key }) => Number(key))).toEqual(numbers.filter((one) => !failing.includes(one)));
      expect(decided.deadLetters.map(({ record }) => Number(record.message.offset))).toEqual(
        failing.toSorted((a, b) => a - b),
      );
    }),
  );
});

describe('an aborted signal', () => {
  test('isolates nothing: its reason is thrown', async () => {
    const abandon = new AbortController();
    const reason = new Error('the membership is lost');
    const step: Step<readonly OutgoingRecord[]> = async () => {
      abandon.abort(reason);
      throw new Error('no decision');
    };
    await expect(withDeadLetters(1, step)(decodedEvents(1), abandon.signal)).rejects.toBe(reason);
  });
});
