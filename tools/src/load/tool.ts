/** The options of `npm run load`, and what it prints: the result of the load, then that of an audit. */
import { auditTool } from '../audit/tool.ts';
import {
  parseArguments,
  parseCount,
  parseDurationMs,
  usageError,
  type ExitCode,
  type Terminal,
  type Tool,
} from '../command-line.ts';
import { connectMongo, openDatabases, type Documents } from '../databases.ts';
import { LoadRun, maxInFlight, type LoadPlan } from './load-run.ts';
import { defaultMix, orderKinds, parseMix } from './mix.ts';
import { report } from './report.ts';

const maxPerSecond = 5_000;
const maxOrders = 1_000_000;

const usage = `npm run load [-- options]      Places orders at a steady rate, follows them to a final state, and audits the pipeline.

  --rate <n>        orders per second, at most ${maxPerSecond} (default 50)
  --for <time>      how long (default 10s); at most ${maxOrders} orders in all
  --mix <weights>   the kinds of orders and their shares (default ${defaultMix})
  --settle <time>   how long to wait for final states after the last order (default 60s)
  --help

  A time is a number with ms, s, m, h or d. Orders are due at the rate, however long the responses take; at most ${maxInFlight}
  requests are in flight. A refused order is counted and not placed again. The orders are for products that only loads
  use, LOAD-…, whose stock is filled first. Ctrl-C ends the load early: it prints the tables, and does not audit.

  Kinds of orders:
${Object.entries(orderKinds)
  .map(([kind, sentence]) => `    ${kind.padEnd(15)}${sentence}`)
  .join('\n')}

  Exit code: 0 every order is in a final state and the audit finds no violation, 1 otherwise, 2 error.
  Environment: ORDER_URL (http://localhost:8001), INVENTORY_URL (http://localhost:8003), OPERATOR_TOKEN if the inventory
  service requires one, and the environment of npm run audit.
`;

const options = {
  rate: { type: 'string', default: '50' },
  for: { type: 'string', default: '10s' },
  mix: { type: 'string', default: defaultMix },
  settle: { type: 'string', default: '60s' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const load: Tool = async (args, terminal): Promise<ExitCode> => {
  const { values, positionals } = parseArguments('load', args, options);
  if (values.help) {
    terminal.print(usage.trimEnd());
    return 0;
  }
  if (positionals.length > 0) {
    throw usageError('load', `${positionals[0]} is not expected; there are options only.`);
  }
  const plan = planOf(values);
  const mongo = await connectMongo(terminal);
  try {
    return await loadAndAudit(plan, openDatabases(mongo).orders, terminal);
  } finally {
    terminal.progress?.('');
    await mongo.close();
  }
};

function planOf(values: { rate: string; for: string; mix: string; settle: string }): LoadPlan {
  const perSecond = parseCount('load', '--rate', values.rate, { min: 1, max: maxPerSecond });
  const seconds = parseDurationMs('load', '--for', values.for) / 1_000;
  const orders = Math.round(perSecond * seconds);
  if (orders < 1 || orders > maxOrders) {
    throw usageError('load', `--rate and --for make ${orders} orders; expected 1 to ${maxOrders}.`);
  }
  const settleMs = parseDurationMs('load', '--settle', values.settle);
  return { perSecond, seconds, orders, mix: parseMix(values.mix), settleMs };
}

async function loadAndAudit(plan: LoadPlan, orders: Documents, terminal: Terminal): Promise<ExitCode> {
  const run = new LoadRun(plan, orders, terminal);
  for (const line of report(await run.run())) terminal.print(line);
  if (terminal.signal.aborted) {
    terminal.note(`Stopped; ${run.open} orders are still in flight, and there was no audit.`);
    return 1;
  }
  if (run.open > 0) {
    const limit = `${plan.settleMs / 1_000} s`;
    terminal.note(`${run.open} orders reached no final state within ${limit}; npm run order -- why explains each.`);
  }
  terminal.print('');
  const audited = await auditTool(['--younger-than', `${run.youngerThanMs}ms`], terminal);
  return audited === 0 && run.open > 0 ? 1 : audited;
}
