/** What `npm run watch` takes: one order's steps as they become known, to its end. */
import { setTimeout as pause } from 'node:timers/promises';
import { orderIdSchema } from '@order-pipeline/events';
import { isFinal } from '@order-pipeline/events/order-lifecycle';
import {
  parseArguments,
  parseDurationMs,
  ToolError,
  usageError,
  type ExitCode,
  type Terminal,
  type Tool,
} from '../command-line.ts';
import { connectMongo } from '../connections.ts';
import { openDatabases, type Databases } from '../databases.ts';
import { findKnown } from '../order/collect.ts';
import { explain } from '../order/explain.ts';
import { timelineOf } from '../order/timeline.ts';
import { waitingOf } from '../order/waiting.ts';
import { Steps } from './steps.ts';

export const usage = `npm run watch -- <order id> [options]      Follows one order: a line for each step as it comes, until the order has ended.

  --for <time>   how long to wait for its end (default 10m)
  --help

  A time is a number with ms, s, m, h or d. Each line has the time, the time since the order was placed, the topic, what the
  event says, and its partition and offset.

  Exit code: 0 the order has ended, 1 it has not within that time, 2 error, such as an order that is not there.
  Environment: MONGODB_URI and the other MONGODB_… settings of the services. Unset, the MongoDB that npm start runs is found
  by its data folder .data; otherwise the one on the usual port.
`;

const options = {
  for: { type: 'string', default: '10m' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const watch: Tool = async (args, terminal): Promise<ExitCode> => {
  const { values, positionals } = parseArguments('watch', args, options);
  const [id, ...rest] = positionals;
  if (values.help || id === undefined) {
    terminal.print(usage.trimEnd());
    return values.help ? 0 : 2;
  }
  if (rest.length > 0) throw usageError('watch', 'One order at a time.');
  if (!orderIdSchema.safeParse(id).success) throw usageError('watch', `${id} is no order id, which is a UUID.`);
  const limitMs = parseDurationMs('watch', '--for', values.for);
  const mongo = await connectMongo(terminal);
  try {
    return await follow(openDatabases(mongo), id.toLowerCase(), limitMs, terminal);
  } finally {
    await mongo.close();
  }
};

const lookEveryMs = 100;
const quietAfterMs = 10_000;

async function follow(databases: Databases, id: string, limitMs: number, terminal: Terminal): Promise<ExitCode> {
  const { signal } = terminal;
  const steps = new Steps();
  const begunMs = performance.now();
  let movedMs = begunMs;
  let toldQuiet = false;
  for (;;) {
    const known = await findKnown(databases, id);
    if (!known) throw new ToolError(`There is no order ${id}.`);
    const hasEnded = isFinal(known.order.status);
    const lines = steps.next(timelineOf(known.order), new Date());
    for (const line of lines) terminal.print(line);
    if (hasEnded && steps.isComplete) {
      const findings = { ...known, now: new Date(), waiting: waitingOf(known), deadLetters: [] };
      for (const sentence of explain(findings)) terminal.print(sentence);
      return 0;
    }
    const nowMs = performance.now();
    if (lines.length > 0) [movedMs, toldQuiet] = [nowMs, false];
    if (!toldQuiet && nowMs - movedMs > quietAfterMs) {
      terminal.note(`It is ${known.order.status} and has not moved for 10 s; npm run order -- why ${id} says why.`);
      toldQuiet = true;
    }
    if (nowMs - begunMs >= limitMs) {
      terminal.note(`It is ${known.order.status} and has not ended; npm run order -- why ${id} says why.`);
      return 1;
    }
    await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
  }
}
