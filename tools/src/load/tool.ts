/** What `npm run load` takes, and its course: stock, orders, their ends, the closing table, the audit. */
import { auditTool } from '../audit/tool.ts';
import { progressLine } from '../audit/report.ts';
import {
  parseArguments,
  parseCount,
  parseDurationMs,
  usageError,
  type ExitCode,
  type Terminal,
  type Tool,
} from '../command-line.ts';
import { connectMongo } from '../connections.ts';
import { openDatabases, type Documents } from '../databases.ts';
import { FollowedOrders } from './followed-orders.ts';
import { defaultMix, fates, fatesOf, parseMix, type Mix } from './mix.ts';
import { keepPace } from './pace.ts';
import { report } from './report.ts';
import { openShop } from './shop.ts';

const maxPerSecond = 5_000;
const maxOrders = 1_000_000;
const maxInFlight = 500;

export const usage = `npm run load [-- options]      Places orders at a steady rate, follows them to their ends, and audits the books.

  --rate <n>        orders per second, at most ${maxPerSecond} (default 50)
  --for <time>      how long (default 10s); at most ${maxOrders} orders in all
  --mix <weights>   what kinds of orders, in what shares (default ${defaultMix})
  --settle <time>   how long to wait afterwards for orders to end (default 60s)
  --help

  A time is a number with ms, s, m, h or d. Orders fall due at the rate whatever the answers take; at most ${maxInFlight} wait for
  theirs at once. What is refused is counted and not placed again. The orders are for products of the load's own, LOAD-…,
  of which enough is put up first. Ctrl-C ends it early, with the table and without an audit.

  Kinds:
${Object.entries(fates)
  .map(([fate, sentence]) => `    ${fate.padEnd(15)}${sentence}`)
  .join('\n')}

  Exit code: 0 every order has ended and the audit finds no violation, 1 not so, 2 error.
  Environment: ORDER_URL (http://localhost:8001), INVENTORY_URL (http://localhost:8003), OPERATOR_TOKEN where the inventory asks
  for one, and what npm run audit takes.
`;

const options = {
  rate: { type: 'string', default: '50' },
  for: { type: 'string', default: '10s' },
  mix: { type: 'string', default: defaultMix },
  settle: { type: 'string', default: '60s' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

interface Plan {
  readonly perSecond: number;
  readonly seconds: number;
  readonly orders: number;
  readonly mix: Mix;
  readonly settleMs: number;
}

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
    return await run(plan, openDatabases(mongo).orders, terminal);
  } finally {
    terminal.progress?.('');
    await mongo.close();
  }
};

function planOf(values: { rate: string; for: string; mix: string; settle: string }): Plan {
  const perSecond = parseCount('load', '--rate', values.rate, { min: 1, max: maxPerSecond });
  const seconds = parseDurationMs('load', '--for', values.for) / 1_000;
  const orders = Math.round(perSecond * seconds);
  if (orders < 1 || orders > maxOrders) {
    throw usageError('load', `--rate and --for make ${orders} orders; expected 1 to ${maxOrders}.`);
  }
  const settleMs = parseDurationMs('load', '--settle', values.settle);
  return { perSecond, seconds, orders, mix: parseMix(values.mix), settleMs };
}

async function run(plan: Plan, orders: Documents, terminal: Terminal): Promise<ExitCode> {
  const { signal } = terminal;
  const shop = openShop(terminal);
  await shop.fillStock(plan.orders);

  const followed = new FollowedOrders(orders);
  const refused = new Map<number | undefined, number>();
  const answeredAfterMs: number[] = [];
  let accepted = 0;
  let answered = 0;
  const show = (): void => {
    const [source, done] = answered < plan.orders ? ['placed', answered] : ['ended', accepted - followed.open];
    const counts = `${accepted} accepted, ${answered - accepted} refused, ${followed.open} on their way`;
    terminal.progress?.(`${progressLine(source, done, answered < plan.orders ? plan.orders : accepted)}, ${counts}`);
  };

  const settled = new AbortController();
  const following = followed.follow(settled.signal, show);
  // Awaited below; one that fails earlier is not to end the process by itself.
  following.catch(() => undefined);
  const nextFate = fatesOf(plan.mix);
  const begunMs = performance.now();
  const pace = { perSecond: plan.perSecond, count: plan.orders, maxInFlight, signal };
  const placed = await keepPace(pace, async (number, dueAtMs) => {
    const fate = nextFate();
    const { status, orderId } = await shop.place(number, fate);
    answeredAfterMs.push(performance.now() - dueAtMs);
    answered += 1;
    if (orderId === undefined) {
      refused.set(status, (refused.get(status) ?? 0) + 1);
      return;
    }
    accepted += 1;
    followed.add(orderId);
    if (fate === 'cancelled') await shop.cancel(orderId);
  });
  const tookMs = performance.now() - begunMs;

  const limit = AbortSignal.any([signal, AbortSignal.timeout(plan.settleMs)]);
  await followed.untilAllEnded(limit);
  settled.abort();
  await following;
  terminal.progress?.('');

  const { perSecond, seconds } = plan;
  const { ended, shippedAfterMs } = followed;
  const open = await followed.stillOpen();
  const result = { asked: { perSecond, seconds }, placed, tookMs, accepted, refused, ended, open };
  for (const line of report({ ...result, answeredAfterMs, shippedAfterMs })) terminal.print(line);
  if (signal.aborted) {
    terminal.note(`Stopped; ${followed.open} orders are still on their way, and nothing was audited.`);
    return 1;
  }
  if (followed.open > 0) {
    terminal.note(
      `${followed.open} orders did not end within ${plan.settleMs / 1_000} s; npm run order -- why says why.`,
    );
  }
  terminal.print('');
  const audited = await auditTool(['--younger-than', `${youngerThanMs(followed, plan)}ms`], terminal);
  return audited === 0 && followed.open > 0 ? 1 : audited;
}

const leastYoungerThanMs = 10_000;

/** Everything is at rest but what others have placed meanwhile, which may take as long as what was seen here. */
const youngerThanMs = ({ open, slowestMs }: FollowedOrders, { settleMs }: Plan): number =>
  Math.max(leastYoungerThanMs, 2 * slowestMs, open > 0 ? settleMs : 0);
