import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { superviseEngines } from './engine-supervisor.ts';

test('an engine that ends is started again, and again when that fails, and each is said; none is once it is over', async () => {
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
  const said: string[] = [];
  const over = new AbortController();
  const options = { engines: { Kafka: kafka, MongoDB: undefined }, everyMs: 5, delayMs: (ends: number) => 5 + ends };
  superviseEngines({ ...options, say: (line) => void said.push(line) }, over.signal);

  await delay(50);
  expect(said).toEqual([]);
  runs = false;
  await delay(200);
  const again = 'Kafka ended; starting it again in 0.0 s';
  expect(said).toEqual([again, 'Kafka: no space left', again, 'Kafka is back']);

  over.abort();
  runs = false;
  await delay(50);
  expect(starts).toBe(2);
});
