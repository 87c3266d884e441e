import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRandom } from './random.ts';
import { countLogged } from './service-logs.ts';
import { longestStallMs } from './stall.ts';
import { repeatCommand } from './summary.ts';
import { asSetting, countSkewed, drawClockSkews, largestLeadMs } from './clock-skews.ts';

describe('the longest stall', () => {
  const span = (fromMs: number, toMs: number) => ({ fromMs, toMs });

  test.each([
    ['of no orders is zero', [], 0],
    ['of one order is its own duration', [span(5, 30)], 25],
    ['excludes the time without open orders', [span(0, 10), span(1_000, 1_020)], 20],
    ['starts when an order became final while others are open', [span(0, 100), span(0, 250), span(90, 300)], 150],
    ['starts when the oldest open order was placed', [span(0, 10), span(40, 90), span(50, 60)], 30],
    ['does not depend on the sequence of its arguments', [span(90, 300), span(0, 250), span(0, 100)], 150],
  ])('%s', (_, spans, expected) => expect(longestStallMs(spans)).toBe(expected));
});

let logDir: string;
beforeEach(() => {
  logDir = mkdtempSync(join(tmpdir(), 'order-pipeline-logs-'));
});
afterEach(() => rmSync(logDir, { recursive: true }));

/** A log whose last line was written now, by a clock that is `leadMs` ahead. */
function writeLog(replica: string, messages: readonly string[], leadMs = 0): void {
  const nowMs = Date.now();
  const lines = messages.map((msg) => `${JSON.stringify({ time: new Date(nowMs + leadMs), msg })}\n`);
  writeFileSync(join(logDir, `${replica}.log`), `${lines.join('')}not a log line\n{"time":"half a lin`);
  utimesSync(join(logDir, `${replica}.log`), nowMs / 1_000, nowMs / 1_000);
}

test('the faults of the gateway are counted by kind in the logs of all replicas of its service', () => {
  writeLog('payment-1', ['started', 'the gateway failed', 'the gateway did not answer in time', 'the gateway failed']);
  writeLog('payment-2', ['the gateway failed']);
  writeLog('order-1', ['the gateway failed']);
  expect(countLogged(logDir, 'payment', 'the gateway failed')).toBe(3);
  expect(countLogged(logDir, 'payment', 'the gateway did not answer in time')).toBe(1);
});

describe('the clock skews', () => {
  test.each([1, 2, 20_261_122])('of seed %d are repeatable, and larger in a longer campaign', (seed) => {
    const clocks = (seconds: number) => drawClockSkews(createRandom(seed).fork('clocks'), seconds);
    expect(clocks(60)).toEqual(clocks(60));
    expect(clocks(60).size).toBe(3);
    for (const ms of clocks(60).values()) expect(Math.abs(ms)).toBeLessThanOrEqual(9_000);
    for (const ms of clocks(1_200).values()) expect(Math.abs(ms)).toBeLessThanOrEqual(45_000);
  });

  test('are passed to each process, and the largest lead is known', () => {
    const clocks = new Map([
      ['payment-1', -9_000],
      ['shipment-2', 4_000],
    ]);
    expect(asSetting(clocks)).toBe('payment-1=-9000,shipment-2=4000');
    expect(largestLeadMs(clocks)).toBe(4_000);
    expect(largestLeadMs(new Map([['payment-1', -9_000]]))).toBe(0);
  });

  test('are counted only where the log shows them', () => {
    writeLog('payment-1', ['started'], -9_000);
    writeLog('inventory-2', ['started'], 0);
    writeLog('shipment-1', []);
    const clocks = new Map([
      ['payment-1', -9_000],
      ['inventory-2', 4_000],
      ['shipment-1', 4_000],
    ]);
    expect(countSkewed(clocks, logDir)).toBe(1);
  });
});

test('the command that repeats a campaign names everything that the campaign depends on', () => {
  expect(repeatCommand({ seed: 7, seconds: 54, ordersPerSecond: 15 })).toBe(
    'npm run faults -- --seed 7 --minutes 0.9 --rate 15',
  );
});
