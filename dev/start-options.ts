import { parseArgs } from 'node:util';
import { everyService } from '@order-pipeline/events';
import { auditorPortVariable } from './auditor.ts';
import type { ProcessName } from './service-replica.ts';
import { portVariable } from './service-environment.ts';
import { SetupError } from './setup-error.ts';

const names = Object.keys(everyService) as ProcessName[];
/** Twice the partitions of a topic, so that half of them are on standby. More would only use memory. */
const maxReplicas = 24;

export interface StartOptions {
  readonly help: boolean;
  readonly fresh: boolean;
  readonly dataDir: string;
  readonly replicas: Partial<Record<ProcessName, number>>;
}

export const usage = `npm start [-- options]      Starts Kafka, MongoDB, the services and the auditor, until Ctrl-C.

  --replicas payment=3,inventory=2   processes per service (1 to ${maxReplicas} each; default 1)
  --fresh                            delete the data of earlier runs first
  --data <folder>                    the folder of data and logs (default .data)
  --help

  Services: ${names.join(', ')}.
  Environment: KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI name engines of your own, which are used instead of started ones;
  ${names.map(portVariable).join(', ')} set the port of a service,
  ${auditorPortVariable} that of the auditor's metrics;
  MONGOD_BINARY is the mongod to run; ORDER_PIPELINE_CACHE the folder of the downloaded engines.
  The services receive every other variable unchanged.
`;

/** Throws SetupError for invalid or impossible options. */
export function parseStartOptions(args: readonly string[], env: NodeJS.ProcessEnv = process.env): StartOptions {
  const { help, fresh, data, replicas } = parse(args);
  const own = ['KAFKA_BOOTSTRAP_SERVERS', 'MONGODB_URI'].filter((name) => env[name]);
  if (fresh && own.length > 0) {
    throw new SetupError(
      `--fresh deletes the data of the engines that npm start runs, and ${own.join(' and ')} name others; ` +
        'delete their topics and databases yourself, or unset that.',
    );
  }
  if (data === '') throw new SetupError('--data needs the name of a folder.');
  return { help, fresh, dataDir: data, replicas: parseReplicas(replicas) };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        fresh: { type: 'boolean', default: false },
        data: { type: 'string', default: '.data' },
        replicas: { type: 'string', default: [], multiple: true },
      },
    });
    return values;
  } catch (error) {
    throw new SetupError(`${(error as Error).message.split('. ')[0]}. See npm start -- --help.`);
  }
}

function parseReplicas(lists: readonly string[]): Partial<Record<ProcessName, number>> {
  const counts: Partial<Record<ProcessName, number>> = {};
  for (const entry of lists.flatMap((list) => list.split(','))) {
    const [name = '', count = '', ...rest] = entry.trim().split('=');
    if (!isKnown(name)) {
      throw new SetupError(`--replicas: there is no service "${name}"; there are ${names.join(', ')}.`);
    }
    if (name in counts) throw new SetupError(`--replicas: ${name} is given twice; give it once.`);
    if (rest.length > 0 || !/^\d{1,3}$/.test(count) || Number(count) < 1 || Number(count) > maxReplicas) {
      throw new SetupError(`--replicas: "${entry.trim()}" needs a number from 1 to ${maxReplicas}, as in ${name}=3.`);
    }
    counts[name] = Number(count);
  }
  return counts;
}

function isKnown(name: string): name is ProcessName {
  return (names as readonly string[]).includes(name);
}
