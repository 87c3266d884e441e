import { describe, expect, test } from '@jest/globals';
import type { PartitionReading } from './observation.ts';
import { emptyLagMemory, readLag, type LagMemory, type LagReading } from './partition-lag.ts';

const context = {
  atSeconds: 1000,
  topics: ['orders'],
  offsetReset: 'earliest',
  maxAgeSeconds: 60,
  groupIsActive: true,
} as const;
const partition = (change: Partial<PartitionReading> = {}): PartitionReading => ({
  topic: 'orders',
  partition: 0,
  startOffset: 100,
  endOffset: 500,
  committedOffset: 400,
  offsetAtMaxAge: 450,
  ...change,
});
const read = (change: Partial<PartitionReading>, memory: LagMemory = emptyLagMemory, at = {}): LagReading =>
  readLag([partition(change)], memory, { ...context, ...at });
const lagOf = (reading: LagReading) => {
  if (!reading.known) throw new Error(reading.reason);
  return reading.partitions.map(({ lag, late }) => ({ lag, late }));
};

describe('lag and late records', () => {
  test('lag is the end minus the committed offset; the late records are those older than maxAge', () => {
    expect(lagOf(read({}))).toEqual([{ lag: 100, late: 50 }]);
  });

  test('no record is late if the committed offset is young enough', () => {
    expect(lagOf(read({ offsetAtMaxAge: 300 }))).toEqual([{ lag: 100, late: 0 }]);
  });

  test('all of the lag is late if no record is younger than maxAge', () => {
    expect(lagOf(read({ offsetAtMaxAge: -1 }))).toEqual([{ lag: 100, late: 100 }]);
  });

  test('partitions are in the order of the subscription, whatever the order of the response', () => {
    const readings = [partition({ topic: 'b' }), partition({ partition: 2 }), partition({ partition: 1 })];
    const reading = readLag(readings, emptyLagMemory, { ...context, topics: ['orders', 'b'] });
    expect(reading.known && reading.partitions.map((one) => `${one.topic}-${one.partition}`)).toEqual([
      'orders-1',
      'orders-2',
      'b-0',
    ]);
  });
});

describe('unknown is never zero', () => {
  test.each([
    ['a missing committed offset', { committedOffset: null }],
    ['a missing end', { endOffset: null }],
    ['a missing start', { startOffset: null }],
    ['a missing offset by time', { offsetAtMaxAge: null }],
    ['an invalid committed offset', { committedOffset: -2 }],
    ['an end that is no number', { endOffset: Number.NaN }],
    ['an end before the start', { endOffset: 50 }],
  ])('%s makes the lag unknown', (_, change) => {
    expect(read(change)).toMatchObject({ known: false, reason: expect.stringContaining('orders-0') });
  });

  test('a known partition that is absent from the response makes the lag unknown', () => {
    const both = readLag([partition(), partition({ partition: 1 })], emptyLagMemory, context);
    expect(readLag([partition()], both.memory, context)).toMatchObject({
      known: false,
      reason: 'orders-1 is absent from the response',
    });
  });

  test('a topic without partitions in the response makes the lag unknown', () => {
    expect(readLag([partition()], emptyLagMemory, { ...context, topics: ['orders', 'refunds'] }).known).toBe(false);
  });
});

describe('unusual offsets follow a rule', () => {
  test.each([
    ['earliest', 400],
    ['latest', 0],
  ] as const)('a group that never committed starts at the %s record', (offsetReset, lag) => {
    expect(lagOf(read({ committedOffset: -1 }, emptyLagMemory, { offsetReset }))[0]?.lag).toBe(lag);
  });

  test('records that retention deleted are not lag', () => {
    expect(lagOf(read({ committedOffset: 10 }))).toEqual([{ lag: 400, late: 350 }]);
  });

  test('a committed offset beyond the end is unknown at first, and by rule at the second observation', () => {
    const first = read({ committedOffset: 600 });
    expect(first).toMatchObject({ known: false, reason: expect.stringContaining('beyond its end') });
    expect(lagOf(read({ committedOffset: 600 }, first.memory))[0]?.lag).toBe(400);
    expect(lagOf(read({ committedOffset: 600 }, first.memory, { offsetReset: 'latest' }))[0]?.lag).toBe(0);
  });

  test('a recreated topic may have fewer partitions', () => {
    const both = readLag([partition(), partition({ partition: 1 })], emptyLagMemory, context);
    const recreated = partition({ startOffset: 0, endOffset: 5, committedOffset: -1, offsetAtMaxAge: 0 });
    expect(lagOf(readLag([recreated], both.memory, context))).toEqual([{ lag: 5, late: 0 }]);
  });
});

describe('a transaction’s commit marker at the end is not lag', () => {
  const marker = { committedOffset: 499 };
  const first = read(marker);

  test('a lag of 1 counts until it has not changed for a minute', () => {
    expect(lagOf(read(marker, first.memory, { atSeconds: 1059 }))[0]?.lag).toBe(1);
    expect(lagOf(read(marker, first.memory, { atSeconds: 1060 }))[0]?.lag).toBe(0);
  });

  test('it stays no lag while the group is at zero replicas, and a new record is lag', () => {
    const unchanged = read(marker, first.memory, { atSeconds: 1060 });
    const atZero = read(marker, unchanged.memory, { atSeconds: 2000, groupIsActive: false });
    expect(lagOf(atZero)[0]?.lag).toBe(0);
    expect(
      lagOf(read({ ...marker, endOffset: 502 }, atZero.memory, { atSeconds: 2010, groupIsActive: false }))[0]?.lag,
    ).toBe(3);
  });

  test('a single record that arrives while the group is at zero replicas is lag, however long it waits', () => {
    const before = read({ committedOffset: 499, endOffset: 499 }, emptyLagMemory, { groupIsActive: false });
    const waiting = read(marker, before.memory, { atSeconds: 1010, groupIsActive: false });
    expect(lagOf(read(marker, waiting.memory, { atSeconds: 9000, groupIsActive: false }))[0]?.lag).toBe(1);
  });

  test('the last offset of a topic that was ever consumed to its end is a record', () => {
    const empty = read({ committedOffset: 500 });
    const slowJob = read({ endOffset: 501, committedOffset: 500 }, empty.memory, { atSeconds: 1010 });
    expect(lagOf(read({ endOffset: 501, committedOffset: 500 }, slowJob.memory, { atSeconds: 9000 }))[0]?.lag).toBe(1);
  });
});
