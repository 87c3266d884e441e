import { parseArgs } from 'node:util';
import { everyService } from '@order-pipeline/events';
import { auditorPortVariable } from './auditor.ts';
import type { ProcessName } from './service-replica.ts';
import { portVariable } from './service-environment.ts';
import { SetupError } from './setup-error.ts';

const names = Object.keys(everyService) as ProcessName[];
/** Twice the partitions of a topic: what is over stands by. More would only fill the memory. */
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
  --data <folder>                    where data and logs are kept (default .data)
  --help

  Services: ${names.join(', ')}.
  Environment: KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI use engines of your own instead of starting them;
  ${names.map(portVariable).join(', ')} move a service to another port,
  ${auditorPortVariable} the auditor's metrics;
  MONGOD_BINARY names the mongod to run; ORDER_PIPELINE_CACHE the folder that keeps the fetched engines.
  Every other variable reaches the services as it is.
`;

/** Throws SetupError for what cannot be understood, or cannot be done. */
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

const isKnown = (name: string): name is ProcessName => (names as readonly string[]).includes(name);
