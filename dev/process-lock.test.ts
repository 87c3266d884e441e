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

test('a lock is held by one process at a time, which is named', () => {
  const lock = mustLock();
  expect(tryLock(path)).toEqual({ heldBy: { pid: process.pid, started: expect.any(String) } });
  lock.release();
  mustLock().release();
  expect(readdirSync(dir)).toEqual([]);
});

test('the lock of a dead process is taken over, and the new holder learns whose it was', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const dead = { pid, started: '1' };
  writeFileSync(path, JSON.stringify(dead));
  expect(mustLock().previous).toEqual(dead);
});

test('a later process with the same pid does not pass for the holder', () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'long ago' }));
  mustLock().release();
});

test('a lock that cannot be read is taken over', () => {
  writeFileSync(path, '{');
  mustLock().release();
});

test('the holder names its cleaner, so that a later one can wait for it', async () => {
  const cleaner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(cleaner, 'spawn');
  tryLock(path, cleaner.pid);
  const stored = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  expect(stored.cleaner).toEqual({ pid: cleaner.pid, started: expect.any(String) });
  cleaner.kill('SIGKILL');
  await once(cleaner, 'exit');
});

test('waiting for a lock ends when it is released, and work under it is never shared', async () => {
  let inside = 0;
  const work = async (): Promise<void> => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(path, 20_000, work)));
});
