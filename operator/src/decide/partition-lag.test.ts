import { describe, expect, test } from '@jest/globals';
import type { PartitionReading } from './observation.ts';
import { emptyLagMemory, readLag, type LagMemory, type LagReading } from './partition-lag.ts';

const now = {
  atSeconds: 1000,
  topics: ['orders'],
  offsetReset: 'earliest',
  maxAgeSeconds: 60,
  groupAtWork: true,
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
  readLag([partition(change)], memory, { ...now, ...at });
const lagOf = (reading: LagReading) => {
  if (!reading.known) throw new Error(reading.why);
  return reading.partitions.map(({ lag, late }) => ({ lag, late }));
};

describe('lag and lateness', () => {
  test('lag is the end minus the committed offset, lateness the part that is older than maxAge', () => {
    expect(lagOf(read({}))).toEqual([{ lag: 100, late: 50 }]);
  });

  test('lateness is clamped at 0 where the group stands among young records', () => {
    expect(lagOf(read({ offsetAtMaxAge: 300 }))).toEqual([{ lag: 100, late: 0 }]);
  });

  test('everything that waits is late where no record is younger than maxAge', () => {
    expect(lagOf(read({ offsetAtMaxAge: -1 }))).toEqual([{ lag: 100, late: 100 }]);
  });

  test('partitions are sorted as the consumers subscribe, whatever order the reply has', () => {
    const readings = [partition({ topic: 'b' }), partition({ partition: 2 }), partition({ partition: 1 })];
    const reading = readLag(readings, emptyLagMemory, { ...now, topics: ['orders', 'b'] });
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
    expect(read(change)).toMatchObject({ known: false, why: expect.stringContaining('orders-0') });
  });

  test('a partition that was there and is absent from the reply makes the lag unknown', () => {
    const both = readLag([partition(), partition({ partition: 1 })], emptyLagMemory, now);
    expect(readLag([partition()], both.memory, now)).toMatchObject({
      known: false,
      why: 'orders-1 is absent from the reply',
    });
  });

  test('a topic without partitions in the reply makes the lag unknown', () => {
    expect(readLag([partition()], emptyLagMemory, { ...now, topics: ['orders', 'refunds'] }).known).toBe(false);
  });
});

describe('odd offsets go by rule', () => {
  test.each([
    ['earliest', 400],
    ['latest', 0],
  ] as const)('a group that never committed starts at the %s record', (offsetReset, lag) => {
    expect(lagOf(read({ committedOffset: -1 }, emptyLagMemory, { offsetReset }))[0]?.lag).toBe(lag);
  });

  test('records that retention deleted are owed to nobody', () => {
    expect(lagOf(read({ committedOffset: 10 }))).toEqual([{ lag: 400, late: 350 }]);
  });

  test('a committed offset beyond the end is unknown at the first look, and by rule at the second', () => {
    const first = read({ committedOffset: 600 });
    expect(first).toMatchObject({ known: false, why: expect.stringContaining('beyond its end') });
    expect(lagOf(read({ committedOffset: 600 }, first.memory))[0]?.lag).toBe(400);
    expect(lagOf(read({ committedOffset: 600 }, first.memory, { offsetReset: 'latest' }))[0]?.lag).toBe(0);
  });

  test('a topic that was created anew may have fewer partitions', () => {
    const both = readLag([partition(), partition({ partition: 1 })], emptyLagMemory, now);
    const anew = partition({ startOffset: 0, endOffset: 5, committedOffset: -1, offsetAtMaxAge: 0 });
    expect(lagOf(readLag([anew], both.memory, now))).toEqual([{ lag: 5, late: 0 }]);
  });
});

describe('a transaction’s commit marker at the end is not lag', () => {
  const marker = { committedOffset: 499 };
  const atRest = read(marker);

  test('a lag of one counts until it has rested for a minute', () => {
    expect(lagOf(read(marker, atRest.memory, { atSeconds: 1059 }))[0]?.lag).toBe(1);
    expect(lagOf(read(marker, atRest.memory, { atSeconds: 1060 }))[0]?.lag).toBe(0);
  });

  test('it stays no lag while the group sleeps, and a new record wakes it', () => {
    const rested = read(marker, atRest.memory, { atSeconds: 1060 });
    const asleep = read(marker, rested.memory, { atSeconds: 2000, groupAtWork: false });
    expect(lagOf(asleep)[0]?.lag).toBe(0);
    expect(
      lagOf(read({ ...marker, endOffset: 502 }, asleep.memory, { atSeconds: 2010, groupAtWork: false }))[0]?.lag,
    ).toBe(3);
  });

  test('a lone record that came while the group slept is lag, however long it waits', () => {
    const before = read({ committedOffset: 499, endOffset: 499 }, emptyLagMemory, { groupAtWork: false });
    const waiting = read(marker, before.memory, { atSeconds: 1010, groupAtWork: false });
    expect(lagOf(read(marker, waiting.memory, { atSeconds: 9000, groupAtWork: false }))[0]?.lag).toBe(1);
  });

  test('where a topic was ever consumed to its very end, its last offsets are records', () => {
    const empty = read({ committedOffset: 500 });
    const slowJob = read({ endOffset: 501, committedOffset: 500 }, empty.memory, { atSeconds: 1010 });
    expect(lagOf(read({ endOffset: 501, committedOffset: 500 }, slowJob.memory, { atSeconds: 9000 }))[0]?.lag).toBe(1);
  });
});
