/** The commands and options of `npm run order`. */
import { orderIdSchema } from '@order-pipeline/events';
import { parseArguments, ToolError, usageError, type ExitCode, type Terminal, type Tool } from '../command-line.ts';
import { connectMongo, openDatabases, type Databases } from '../databases.ts';
import { connectKafka } from '../kafka-connection.ts';
import { collect } from './collect.ts';
import { explain } from './explain.ts';
import { readOrder, servicesThatKnow, type OrderDocuments } from './order-documents.ts';
import { timelineOf, timelineTable } from './timeline.ts';

const usage = `npm run order -- <command> <order id>      Shows one order, from the databases and topics of all services.

  why <id>    its state and what it waits for, in sentences
  show <id>   its timeline: each step with its time and the position of its event

  --json      show: print JSON
  --help

  Exit code: 0 done, 2 error, such as an unknown order.
  Environment: KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI and the other KAFKA_… and MONGODB_… settings of the services.
  If they are not set, the tool uses the engines that npm start runs (by its data folder .data), otherwise those on the
  default ports.
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
  const invalid = (sentence: string) => usageError('order', sentence);
  if (command !== 'why' && command !== 'show') throw invalid(`There is no command ${command}; there are why and show.`);
  if (id === undefined || rest.length > 0) throw invalid(`${command} takes one order id.`);
  if (!orderIdSchema.safeParse(id).success) throw invalid(`${id} is no order id, which is a UUID.`);

  const mongo = await connectMongo(terminal);
  try {
    const documents = await mustRead(openDatabases(mongo), id.toLowerCase());
    if (command === 'show') printTimeline(terminal, documents, values.json);
    else await printExplanation(terminal, documents);
    return 0;
  } finally {
    await mongo.close();
  }
};

async function mustRead(databases: Databases, id: string): Promise<OrderDocuments> {
  const documents = await readOrder(databases, id);
  if (documents) return documents;
  const others = await servicesThatKnow(databases, id);
  throw new ToolError(
    others.length === 0
      ? `There is no order ${id}.`
      : `There is no order ${id} in order_db, although these services know it: ${others.join(', ')}.`,
  );
}

function printTimeline(terminal: Terminal, { order: { _id, ...order } }: OrderDocuments, json: boolean): void {
  const steps = timelineOf(order);
  if (json) terminal.print(JSON.stringify({ order_id: _id, status: order.status, steps }, null, 2));
  else for (const line of timelineTable(steps)) terminal.print(line);
}

async function printExplanation(terminal: Terminal, documents: OrderDocuments): Promise<void> {
  const kafka = await connectKafka(terminal);
  try {
    for (const sentence of explain(await collect(kafka, documents))) terminal.print(sentence);
  } finally {
    await kafka.close();
  }
}
