/** `npm run faults`: a fault campaign with a given or a new seed. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign/campaign.ts';
import { repeatCommand, summary } from './campaign/summary.ts';

const usage = `npm run faults [-- options]   Injects every kind of fault into its own pipeline, and checks the result.

  --minutes <n>    how long the faults last (default 1)
  --seed <n>       repeats the campaign with this seed, of the same length and rate (default: a new one, printed)
  --rate <n>       orders per second (default 20)
  --dir <folder>   keeps data, logs and history.jsonl there (default: a temporary folder, kept if there are violations)
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
  // Two campaigns in one folder would look like duplicate orders to the judges.
  if (existsSync(join(dir, 'history.jsonl'))) {
    process.stderr.write(`${dir} contains another campaign; name another folder, or remove that one.\n`);
    process.exit(2);
  }
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  // Whole seconds, as the printed command repeats them.
  const campaign = { seed, seconds: Math.round(minutes * 60), ordersPerSecond };
  say(`${repeatCommand(campaign)}, in ${dir}`);
  const result = await runCampaign({ ...campaign, dir, say });
  writeFileSync(join(dir, 'result.json'), JSON.stringify(result, undefined, 2));
  say(summary(result));
  if (result.violations.length === 0 && values.dir === undefined) rmSync(dir, { recursive: true, force: true });
  process.exit(result.violations.length === 0 ? 0 : 1);
}
