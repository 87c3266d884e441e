/** The commands and options of `npm run dlq`. */
import { userInfo } from 'node:os';
import { deadLetterGroups, parseDeadLetterId, type DeadLetterPlace } from '@order-pipeline/kafka';
import { parseArguments, parseCount, usageError, type ExitCode, type Terminal, type Tool } from '../command-line.ts';
import { connectKafka, type KafkaConnection } from '../kafka-connection.ts';
import { list } from './list.ts';
import { resolve } from './resolve.ts';
import { show } from './show.ts';

const usage = `npm run dlq -- <command> [options]      Lists, shows, redrives and discards dead letters.

  list                       unresolved dead letters, oldest first
  show <id>                  one dead letter: its error, headers, key and value
  redrive <id …> | --all     publish to the original topic again, with key, value and headers unchanged
  discard <id …> | --all     record that it will not be processed

  --group <group>   only this group's queue (${deadLetterGroups.join(', ')})
  --limit <n>       list: at most n (default 100, at most 10000)
  --resolved        list: include those that were redriven or discarded
  --dry-run         redrive, discard: print what would be done, and do nothing
  --max <n>         redrive, discard: at most n at once (default 1000)
  --by <name>       redrive, discard: who decides, for the record (default: the login name)
  --json            print JSON
  --help

  An id is <group>/<partition>/<offset>, as list prints it. The queues are read up to their end offsets at the start.

  Resolutions are stored in the topic <group>.dlq.resolved. A dead letter that was redriven or discarded stays so: doing
  it again changes nothing. The resolution is written once the redriven record is acknowledged, so a tool that is killed
  between the two, or two that run at once, publish a record twice; that has no effect, because consumers are idempotent.
  A record that fails again is dead-lettered again, with a new id.

  Exit code: 0 done, 1 something could not be done, 2 error.
  Environment: KAFKA_BOOTSTRAP_SERVERS and the other KAFKA_… settings of the services. If it is not set, the tool uses
  the Kafka that npm start runs (by its data folder .data), otherwise localhost:9092.
`;

const options = {
  group: { type: 'string' },
  limit: { type: 'string', default: '100' },
  max: { type: 'string', default: '1000' },
  by: { type: 'string' },
  all: { type: 'boolean', default: false },
  resolved: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const invalid = (sentence: string) => usageError('dlq', sentence);

export const dlq: Tool = async (args, terminal): Promise<ExitCode> => {
  const { values, positionals } = parseArguments('dlq', args, options);
  const [command, ...ids] = positionals;
  if (values.help || command === undefined) {
    terminal.print(usage.trimEnd());
    return values.help ? 0 : 2;
  }
  const run = parseCommand(command, ids, values);
  const connection = await connectKafka(terminal);
  try {
    return await run(connection, terminal);
  } finally {
    await connection.close();
  }
};

type Values = ReturnType<typeof parseArguments<typeof options>>['values'];
type Run = (connection: KafkaConnection, terminal: Terminal) => Promise<ExitCode>;

/** Throws a ToolError before anything is connected. */
function parseCommand(command: string, ids: readonly string[], values: Values): Run {
  const { group, json, all } = values;
  if (group !== undefined && !deadLetterGroups.includes(group)) {
    throw invalid(`There is no group ${group}; there are ${deadLetterGroups.join(', ')}.`);
  }
  const groups = group === undefined ? deadLetterGroups : [group];
  const limit = parseCount('dlq', '--limit', values.limit, { min: 1, max: 10_000 });
  const max = parseCount('dlq', '--max', values.max, { min: 1, max: 1_000_000 });
  const places = ids.map(parseId);
  switch (command) {
    case 'list':
      if (places.length > 0) throw invalid('list takes no ids; show does.');
      return (connection, terminal) => list(connection, terminal, { groups, limit, resolved: values.resolved, json });
    case 'show': {
      const [place, ...others] = places;
      if (place === undefined || others.length > 0) throw invalid('show takes one id.');
      return (connection, terminal) => show(connection, terminal, { place, json });
    }
    case 'redrive':
    case 'discard': {
      if (all === places.length > 0) throw invalid(`${command} takes either ids or --all.`);
      const action = command === 'redrive' ? 'redriven' : 'discarded';
      const by = values.by ?? userInfo().username;
      const which = all ? { groups } : { places };
      return (connection, terminal) =>
        resolve(connection, terminal, { action, which, max, dryRun: values['dry-run'], by, json });
    }
    default:
      throw invalid(`There is no command ${command}; there are list, show, redrive and discard.`);
  }
}

function parseId(id: string): DeadLetterPlace {
  const place = parseDeadLetterId(id);
  if (place) return place;
  throw invalid(`${id} is no dead letter's id, which looks like ${deadLetterGroups[0]}/0/12.`);
}
