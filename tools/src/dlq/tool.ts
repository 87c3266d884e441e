/** The commands of `npm run dlq` and what they take. */
import { userInfo } from 'node:os';
import { deadLetterGroups, parseDeadLetterId, type DeadLetterPlace } from '@order-pipeline/kafka';
import { parseArguments, parseCount, usageError, type ExitCode, type Tool } from '../command-line.ts';
import { connectKafka } from '../connections.ts';
import { list } from './list.ts';
import { resolve } from './resolve.ts';
import { show } from './show.ts';

export const usage = `npm run dlq -- <command> [options]      What could not be worked off, and what to do about it.

  list                       dead letters that nobody has dealt with yet, oldest first
  show <id>                  one dead letter: its error, headers, key and value
  redrive <id …> | --all     publish again to the topic it came from, with its key, value and headers
  discard <id …> | --all     note that it will not be worked off

  --group <group>   only this group's queue (${deadLetterGroups.join(', ')})
  --limit <n>       list: at most so many (default 100, at most 10000)
  --resolved        list: those that were redriven or discarded, too
  --dry-run         redrive, discard: say what would be done, and do nothing
  --max <n>         redrive, discard: at most so many in one go (default 1000)
  --by <name>       redrive, discard: who decides, for the record (default: the login name)
  --json            for programs
  --help

  An id is <group>/<partition>/<offset>, as list prints it. The queues are read up to what they hold at the start.

  What was done is kept in the topic <group>.dlq.resolved. A dead letter that was redriven or discarded stays so: doing
  it again changes nothing. The note is written once the redriven message is acknowledged, so a tool that is killed
  between the two, or two that run at once, publish a message twice; that does no harm, because the services take an
  event that they know already for what it is. A message that fails again is dead-lettered again, under a new id.

  Exit code: 0 done, 1 something could not be done, 2 error.
  Environment: KAFKA_BOOTSTRAP_SERVERS and the other KAFKA_… settings of the services. Unset, the Kafka that npm start
  runs is found by its data folder .data; otherwise localhost:9092.
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

export const dlq: Tool = async (args, terminal): Promise<ExitCode> => {
  const { values, positionals } = parseArguments('dlq', args, options);
  const [command, ...ids] = positionals;
  if (values.help || command === undefined) {
    terminal.print(usage.trimEnd());
    return values.help ? 0 : 2;
  }
  const wrong = (sentence: string) => usageError('dlq', sentence);
  if (values.group !== undefined && !deadLetterGroups.includes(values.group)) {
    throw wrong(`There is no group ${values.group}; there are ${deadLetterGroups.join(', ')}.`);
  }
  const chosenGroups = values.group === undefined ? deadLetterGroups : [values.group];
  const limit = parseCount('dlq', '--limit', values.limit, { min: 1, max: 10_000 });
  const max = parseCount('dlq', '--max', values.max, { min: 1, max: 1_000_000 });
  const places = ids.map((id): DeadLetterPlace => {
    const place = parseDeadLetterId(id);
    if (!place) throw wrong(`${id} is no dead letter's id, which looks like ${deadLetterGroups[0]}/0/12.`);
    return place;
  });

  if (command === 'list' && places.length > 0) throw wrong('list takes no ids; show does.');
  if (command === 'show' && places.length !== 1) throw wrong('show takes one id.');
  if (command === 'redrive' || command === 'discard') {
    if (values.all === places.length > 0) throw wrong(`${command} takes either ids or --all.`);
  } else if (command !== 'list' && command !== 'show') {
    throw wrong(`There is no command ${command}; there are list, show, redrive and discard.`);
  }

  const connection = await connectKafka(terminal);
  try {
    switch (command) {
      case 'list':
        return await list(connection, terminal, { ...values, groups: chosenGroups, limit });
      case 'show':
        return await show(connection, terminal, { place: places[0]!, json: values.json });
      default:
        return await resolve(connection, terminal, {
          action: command === 'redrive' ? 'redriven' : 'discarded',
          which: values.all ? { groups: chosenGroups } : { places },
          max,
          dryRun: values['dry-run'],
          by: values.by ?? userInfo().username,
          json: values.json,
        });
    }
  } finally {
    await connection.close();
  }
};
