/**
 * Ends the processes of a launcher that died, however it died (kill -9 runs no exit handler, and not every system can
 * tie a child's life to its parent's). The launcher holds this process's standard input open and writes one line per
 * process it starts or sees ending:
 *
 *   watch <pid> <stage>      forget <pid>
 *
 * End of input means that the launcher is gone. What it left is then ended stage by stage, lowest first, so that the
 * services still find Kafka and MongoDB while they drain: SIGTERM, and SIGKILL for what is there after the limit.
 *
 * Plain JavaScript, because it must also run on the machine's own Node, before anything is installed.
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const stageLimitMs = 5_000;
const pollMs = 50;

/** @type {Map<number, number>} pid to stage */
const watched = new Map();

// A Ctrl-C is for the launcher; this process ends when its input does.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, pid, stage] = line.split(' ');
  if (verb === 'watch' && Number(pid) > 1) watched.set(Number(pid), Number(stage));
  if (verb === 'forget') watched.delete(Number(pid));
}

for (const stage of [...new Set(watched.values())].toSorted((a, b) => a - b)) {
  const pids = [...watched.keys()].filter((pid) => watched.get(pid) === stage);
  pids.forEach((pid) => signalled(pid, 'SIGTERM'));
  const deadline = Date.now() + stageLimitMs;
  while (pids.some((pid) => signalled(pid, 0)) && Date.now() < deadline) await pause(pollMs);
  pids.forEach((pid) => signalled(pid, 'SIGKILL'));
}

/** False when there is no such process (any more). */
function signalled(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
