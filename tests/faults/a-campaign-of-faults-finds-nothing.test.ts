import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { everyFault, runCampaign } from './campaign.ts';
import { summary } from './summary.ts';

const limitMs = 600_000;

describe('a campaign of faults', () => {
  // The second seed is new in every run; `npm run faults -- --seed` repeats it.
  test.each([
    { seed: 20_261_122, seconds: 55 },
    { seed: Date.now() >>> 0, seconds: 40 },
  ])(
    'with the seed $seed has every kind of fault, and leaves nothing for the checker or the auditor to find',
    async ({ seed, seconds }) => {
      const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-campaign-'));
      // At once: whoever has to end it, or finds it failed, knows what to repeat and where to look.
      process.stdout.write(`campaign with the seed ${seed}, in ${dir}\n`);
      const result = await runCampaign({ seed, seconds, ordersPerSecond: 15, dir, say() {} });
      process.stdout.write(`${summary(result)}\n`);
      expect(result.violations).toEqual([]);
      expect(everyFault.filter((fault) => !((result.faults[fault] ?? 0) > 0))).toEqual([]);
      rmSync(dir, { recursive: true });
    },
    limitMs,
  );
});
