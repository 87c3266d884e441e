/** The options of `npm run watch`: follows one order until it reaches a final state. */
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
import { connectMongo, openDatabases, type Databases } from '../databases.ts';
import { explain } from '../order/explain.ts';
import { readOrder, type OrderDocuments } from '../order/order-documents.ts';
import { timelineOf } from '../order/timeline.ts';
import { waitingOf } from '../order/waiting.ts';
import { Steps } from './steps.ts';

const usage = `npm run watch -- <order id> [options]      Follows one order: prints a line per step until it reaches a final state.

  --for <time>   how long to wait for a final state (default 10m)
  --help

  A time is a number with ms, s, m, h or d. Each line has the time, the time since the order was placed, the topic, the
  status of the event, and its partition and offset.

  Exit code: 0 a final state, 1 none within that time, 2 error, such as an unknown order.
  Environment: MONGODB_URI and the other MONGODB_… settings of the services. If it is not set, the tool uses the MongoDB
  that npm start runs (by its data folder .data), otherwise the one on the default port.
`;

const options = {
  for: { type: 'string', default: '10m' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const pollMs = 100;
const stalledAfterMs = 10_000;

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

async function follow(databases: Databases, id: string, limitMs: number, terminal: Terminal): Promise<ExitCode> {
  const { signal } = terminal;
  const steps = new Steps();
  const startMs = performance.now();
  let changedMs = startMs;
  let isStalled = false;
  for (;;) {
    const documents = await readOrder(databases, id);
    if (!documents) throw new ToolError(`There is no order ${id}.`);
    const { status } = documents.order;
    const lines = steps.next(timelineOf(documents.order), new Date());
    for (const line of lines) terminal.print(line);
    if (isFinal(status) && steps.isComplete) {
      printExplanation(documents, terminal);
      return 0;
    }
    const nowMs = performance.now();
    if (lines.length > 0) [changedMs, isStalled] = [nowMs, false];
    if (!isStalled && nowMs - changedMs > stalledAfterMs) {
      terminal.note(`It is ${status} and has not changed for 10 s; npm run order -- why ${id} explains why.`);
      isStalled = true;
    }
    if (nowMs - startMs >= limitMs) {
      terminal.note(`It is ${status} and has reached no final state; npm run order -- why ${id} explains why.`);
      return 1;
    }
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
  }
}

function printExplanation(documents: OrderDocuments, terminal: Terminal): void {
  const findings = { ...documents, now: new Date(), waiting: waitingOf(documents), deadLetters: [] };
  for (const sentence of explain(findings)) terminal.print(sentence);
}
