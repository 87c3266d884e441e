/** `npm run faults`: a fault campaign with a seed of your choice, or a new one. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign/campaign.ts';
import { repeatCommand, summary } from './campaign/summary.ts';

const usage = `npm run faults [-- options]   Breaks a pipeline of its own in every way that it knows, and checks what is left.

  --minutes <n>    how long the faults last (default 1)
  --seed <n>       repeats the campaign with this seed, of the same length and rate (default: a new one, printed)
  --rate <n>       orders per second (default 20)
  --dir <folder>   keeps data, logs and history.jsonl there (default: a temporary folder, kept when something is found)
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    rate: { type: 'string', default: '20' },
    dir: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function number(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= low && value <= high) return value;
  process.stderr.write(`--${name} takes a number from ${low} to ${high}, not ${text}\n\n${usage}`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(usage);
} else {
  const minutes = number('minutes', values.minutes, 0.1, 24 * 60);
  const seed = values.seed === undefined ? Date.now() >>> 0 : number('seed', values.seed, 0, 2 ** 32 - 1);
  const ordersPerSecond = number('rate', values.rate, 0.1, 1_000);
  const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'order-pipeline-faults-'));
  // Its history would be added to, and the judges take two campaigns with one seed for doubled orders.
  if (existsSync(join(dir, 'history.jsonl'))) {
    process.stderr.write(`${dir} holds a campaign already; name another folder, or remove that one.\n`);
    process.exit(2);
  }
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  // Whole seconds, as they come back from a printed command.
  const campaign = { seed, seconds: Math.round(minutes * 60), ordersPerSecond };
  say(`${repeatCommand(campaign)}, in ${dir}`);
  const result = await runCampaign({ ...campaign, dir, say });
  writeFileSync(join(dir, 'result.json'), JSON.stringify(result, undefined, 2));
  say(summary(result));
  if (result.violations.length === 0 && values.dir === undefined) rmSync(dir, { recursive: true, force: true });
  process.exit(result.violations.length === 0 ? 0 : 1);
}
