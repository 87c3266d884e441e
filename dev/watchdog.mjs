/**
 * Stops the processes of a launcher that has exited, also by kill -9 (which runs no exit handler, and not every system can
 * tie a child to its parent). The launcher keeps this process's standard input open and writes one line for each process
 * that it starts or that exits:
 *
 *   watch <pid> <stage>      forget <pid>
 *
 * The end of the input means that the launcher has exited. Its processes are then stopped stage by stage, lowest first, so
 * that Kafka and MongoDB still run while the services drain: SIGTERM, and SIGKILL after the limit.
 *
 * Plain JavaScript, because it must also run on the machine's own Node, before anything is installed.
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const stageLimitMs = 5_000;
const pollMs = 50;

/** @type {Map<number, number>} pid to stage */
const watched = new Map();

// A Ctrl-C is for the launcher; this process exits at the end of its input.
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

/** False when there is no such process. */
function signalled(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
