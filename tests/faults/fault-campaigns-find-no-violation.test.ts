import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { everyFault, runCampaign } from './campaign/campaign.ts';
import { repeatCommand, summary } from './campaign/summary.ts';

const limitMs = 600_000;

describe('a fault campaign', () => {
  // The second seed is new in every run.
  test.each([
    { seed: 20_261_122, seconds: 54, ordersPerSecond: 15 },
    { seed: Date.now() >>> 0, seconds: 51, ordersPerSecond: 15 },
  ])(
    'with the seed $seed has every kind of fault, and the checker and the auditor find no violation',
    async (campaign) => {
      const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-campaign-'));
      // Printed first, so that an interrupted or failed campaign can be repeated and inspected.
      process.stdout.write(`${repeatCommand(campaign)}, in ${dir}\n`);
      const result = await runCampaign({ ...campaign, dir, say() {} });
      process.stdout.write(`${summary(result)}\n`);
      expect(result.violations).toEqual([]);
      expect(everyFault.filter((fault) => !((result.faults[fault] ?? 0) > 0))).toEqual([]);
      rmSync(dir, { recursive: true });
    },
    limitMs,
  );
});
