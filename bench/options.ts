import { parseArgs } from 'node:util';
import { SetupError } from '../dev/setup-error.ts';

const rows = ['post', 'throughput', 'latency', 'tracing', 'replicas'] as const;
type Row = (typeof rows)[number];

/** How much is measured: every figure of the table depends on these. */
export interface Amounts {
  readonly connections: number;
  readonly postSeconds: number;
  /** Orders of one throughput run, of the pipeline and of the floor alike. */
  readonly orders: number;
  /** Pairs of alternating runs, pipeline and floor, or without and with tracing; the medians count. */
  readonly pairs: number;
  readonly steadyPerSecond: number;
  /** At that rate, before the measurement: until the processes have compiled their code and adapted to the rate. */
  readonly leadInSeconds: number;
  readonly steadySeconds: number;
  /** Paid orders that the inventory service processes in one run. */
  readonly paidOrders: number;
  /** Pairs of alternating runs, with one replica and with three; the medians count. */
  readonly replicaRounds: number;
  /** Orders (or events) before the measurement, so that no run includes compilation. */
  readonly warmUp: number;
}

export interface BenchOptions {
  readonly help: boolean;
  readonly quick: boolean;
  readonly write: boolean;
  readonly rows: ReadonlySet<Row>;
  readonly profileDir: string | undefined;
  readonly amounts: Amounts;
}

const full: Amounts = {
  connections: 64,
  postSeconds: 10,
  orders: 20_000,
  pairs: 3,
  steadyPerSecond: 100,
  leadInSeconds: 10,
  steadySeconds: 30,
  paidOrders: 20_000,
  replicaRounds: 5,
  warmUp: 3_000,
};

const quick: Amounts = {
  ...full,
  postSeconds: 3,
  orders: 8_000,
  pairs: 1,
  steadySeconds: 8,
  paidOrders: 6_000,
  replicaRounds: 1,
  warmUp: 1_000,
};

export const usage = `npm run bench [-- options]      Measures the pipeline on real Kafka and MongoDB (about 9 minutes).

  --quick            less of everything (about a minute): a first impression, no figures to quote
  --only <rows>      some of ${rows.join(', ')}, comma-separated
  --write            write the table to bench/RESULTS.md, with a description of the machine
  --profile <folder> store a CPU profile of each service there, and print where the time was spent
  --help
`;

/** Throws SetupError for invalid options. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  const requested = values.only.flatMap((list) => list.split(',')).map((name) => name.trim());
  for (const name of requested) {
    if (!isRow(name)) throw new SetupError(`--only: there is no row "${name}"; there are ${rows.join(', ')}.`);
  }
  return {
    help: values.help,
    quick: values.quick,
    write: values.write,
    rows: new Set(requested.length > 0 ? requested.filter(isRow) : rows),
    profileDir: values.profile,
    amounts: values.quick ? quick : full,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        only: { type: 'string', default: [], multiple: true },
        profile: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new SetupError(`${(error as Error).message.split('. ')[0]}. See npm run bench -- --help.`);
  }
}

function isRow(name: string): name is Row {
  return (rows as readonly string[]).includes(name);
}
