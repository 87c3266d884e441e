import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { superviseEngines } from './engine-supervisor.ts';

test('restarts an engine that exits, retries a failed restart, prints each, and stops with the signal', async () => {
  let runs = true;
  let starts = 0;
  const kafka = {
    get pids() {
      return runs ? [4711] : [];
    },
    async start() {
      starts += 1;
      if (starts === 1) throw new Error('no space left');
      runs = true;
    },
  };
  const printed: string[] = [];
  const stopping = new AbortController();
  const options = { engines: { Kafka: kafka, MongoDB: undefined }, everyMs: 5, delayMs: (exits: number) => 5 + exits };
  superviseEngines({ ...options, print: (line) => void printed.push(line) }, stopping.signal);

  await delay(50);
  expect(printed).toEqual([]);
  runs = false;
  await delay(200);
  const restarting = 'Kafka exited; restarting it in 0.0 s';
  expect(printed).toEqual([restarting, 'Kafka: no space left', restarting, 'Kafka is ready again']);

  stopping.abort();
  runs = false;
  await delay(50);
  expect(starts).toBe(2);
});
