import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tryLock, withLock, type Lock, type LockHolder } from './process-lock.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'order-pipeline-lock-'));
  path = join(dir, 'lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const mustLock = (): Lock => {
  const lock = tryLock(path);
  if ('heldBy' in lock) throw new Error(`held by ${lock.heldBy.pid}`);
  return lock;
};

test('a lock has one holder at a time, who is identified', () => {
  const lock = mustLock();
  expect(tryLock(path)).toEqual({ heldBy: { pid: process.pid, started: expect.any(String) } });
  lock.release();
  mustLock().release();
  expect(readdirSync(dir)).toEqual([]);
});

test('the lock of an exited process is taken over, and the new holder learns of the previous one', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const exited = { pid, started: '1' };
  writeFileSync(path, JSON.stringify(exited));
  expect(mustLock().previous).toEqual(exited);
});

test('a later process with the same pid is not mistaken for the holder', () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'long ago' }));
  mustLock().release();
});

test('a lock with invalid content is taken over', () => {
  writeFileSync(path, '{');
  mustLock().release();
});

test('a lock names the cleaner of its holder, for the next holder to wait for', async () => {
  const cleaner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(cleaner, 'spawn');
  tryLock(path, cleaner.pid);
  const stored = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  expect(stored.cleaner).toEqual({ pid: cleaner.pid, started: expect.any(String) });
  cleaner.kill('SIGKILL');
  await once(cleaner, 'exit');
});

test('waiters get the lock one after the other', async () => {
  let inside = 0;
  const work = async (): Promise<void> => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(path, 20_000, work)));
});
