import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runCampaign } from './campaign.ts';
import { summary } from './summary.ts';

const seconds = 60;
const limitMs = 600_000;

describe('a campaign of faults', () => {
  // The second seed is new in every run; `npm run faults -- --seed` repeats it.
  test.each([20_261_122, Date.now() >>> 0])(
    'with the seed %d leaves nothing for the checker or the auditor to find',
    async (seed) => {
      const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-campaign-'));
      const result = await runCampaign({ seed, seconds, ordersPerSecond: 15, dir, say() {} });
      process.stdout.write(`${summary(result)}\n`);
      expect(result.violations).toEqual([]);
      rmSync(dir, { recursive: true });
    },
    limitMs,
  );
});
