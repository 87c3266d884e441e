import type { CampaignResult, Repeatable } from './campaign.ts';

const maxShown = 20;

/** The rate determines the arrivals of the customers, the length the clock skews. */
export const repeatCommand = ({ seed, seconds, ordersPerSecond }: Repeatable): string =>
  `npm run faults -- --seed ${seed} --minutes ${seconds / 60} --rate ${ordersPerSecond}`;

/** The table at the end of a campaign. */
export function summary(result: CampaignResult): string {
  const counts = (of: Readonly<Record<string, number>>): string[] =>
    Object.entries(of).map(([name, count]) => `  ${name.padEnd(38)}${String(count).padStart(8)}`);
  const { violations } = result;
  return [
    '',
    repeatCommand(result),
    `${'orders requested'.padEnd(40)}${String(result.requests).padStart(8)}`,
    'orders by state',
    ...counts(result.ordersByState),
    'responses to POST /orders (0: none)',
    ...counts(result.answersByStatus),
    'faults',
    ...counts(result.faults),
    `${'redeliveries survived'.padEnd(40)}${String(result.redeliveries).padStart(8)}`,
    `${'longest stall, seconds'.padEnd(40)}${(result.longestStallMs / 1_000).toFixed(1).padStart(8)}`,
    `${'violations'.padEnd(40)}${String(violations.length).padStart(8)}`,
    ...violations.slice(0, maxShown).map((violation) => `  ${violation}`),
    ...(violations.length > maxShown ? [`  and ${violations.length - maxShown} more`] : []),
  ].join('\n');
}
