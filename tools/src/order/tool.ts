/** The commands of `npm run order` and what they take. */
import { orderIdSchema } from '@order-pipeline/events';
import { parseArguments, ToolError, usageError, type ExitCode, type Tool } from '../command-line.ts';
import { connectKafka, connectMongo } from '../connections.ts';
import { openDatabases } from '../databases.ts';
import { collect, findKnown, whoKnows } from './collect.ts';
import { explain } from './explain.ts';
import { timelineOf, timelineTable } from './timeline.ts';

export const usage = `npm run order -- <command> <order id>      One order, from the databases and topics of all services.

  why <id>    where it stands and what it waits for, in sentences
  show <id>   its timeline: each step, when, and the record that told of it

  --json      show: for programs
  --help

  Exit code: 0 done, 2 error, such as an order that is not there.
  Environment: KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI and the other KAFKA_… and MONGODB_… settings of the services.
  Unset, the engines that npm start runs are found by its data folder .data; otherwise those on the usual ports.
`;

const options = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const order: Tool = async (args, terminal): Promise<ExitCode> => {
  const { values, positionals } = parseArguments('order', args, options);
  const [command, id, ...rest] = positionals;
  if (values.help || command === undefined) {
    terminal.print(usage.trimEnd());
    return values.help ? 0 : 2;
  }
  const wrong = (sentence: string) => usageError('order', sentence);
  if (command !== 'why' && command !== 'show') throw wrong(`There is no command ${command}; there are why and show.`);
  if (id === undefined || rest.length > 0) throw wrong(`${command} takes one order id.`);
  if (!orderIdSchema.safeParse(id).success) throw wrong(`${id} is no order id, which is a UUID.`);

  const mongo = await connectMongo(terminal);
  try {
    const databases = openDatabases(mongo);
    const known = await findKnown(databases, id.toLowerCase());
    if (!known) {
      const others = await whoKnows(databases, id.toLowerCase());
      throw new ToolError(
        others.length === 0
          ? `There is no order ${id}.`
          : `There is no order ${id} in order_db, although there is a trace of it at: ${others.join(', ')}.`,
      );
    }
    if (command === 'show') {
      const steps = timelineOf(known.order);
      if (values.json) terminal.print(JSON.stringify({ order_id: id, status: known.order.status, steps }, null, 2));
      else for (const line of timelineTable(steps)) terminal.print(line);
      return 0;
    }
    const kafka = await connectKafka(terminal);
    try {
      for (const sentence of explain(await collect(kafka, known))) terminal.print(sentence);
    } finally {
      await kafka.close();
    }
    return 0;
  } finally {
    await mongo.close();
  }
};
