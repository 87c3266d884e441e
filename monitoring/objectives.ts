/** What the pipeline promises its customers in numbers, and from when on a promise that is being broken is told. */
export interface Objective {
  readonly alert: string;
  /** Name of the recorded shares of what was bad, in the windows below. */
  readonly record: string;
  /** Share that has to be good, over thirty days. */
  readonly target: number;
  /** Share of what was bad within the window. */
  readonly bad: (window: string) => string;
  readonly what: string;
}

/** A bound of the histogram's buckets. */
export const lateAfterSeconds = 1;

const shipped = 'order_placed_to_shipped_seconds';
/** Prometheus 3 writes the bounds of all buckets as fractions. */
const inTime = String.raw`le=~"${lateAfterSeconds}(\\.0)?"`;
const posts = 'http_request_duration_seconds_count{method="POST",route="/orders"';

export const objectives: readonly Objective[] = [
  {
    alert: 'OrdersShipLate',
    record: 'pipeline:orders_late:ratio_rate',
    target: 0.95,
    bad: (window) => `1 - sum(rate(${shipped}_bucket{${inTime}}[${window}])) / sum(rate(${shipped}_count[${window}]))`,
    what: `of the orders that ship take more than ${lateAfterSeconds} s for it`,
  },
  {
    alert: 'OrdersNotAccepted',
    record: 'pipeline:orders_not_accepted:ratio_rate',
    target: 0.999,
    bad: (window) =>
      `(sum(rate(${posts},status=~"5.."}[${window}])) or 0 * sum(rate(${posts}}[${window}]))) / sum(rate(${posts}}[${window}]))`,
    what: 'of the orders that customers place are answered with an error of ours',
  },
];

/**
 * Two windows each, so that an alert neither comes late nor lasts long, and how many times too fast the budget of thirty
 * days is used up. The slowest just misses the objective: without it, it could be missed for ever and nobody told.
 * (Google, "The Site Reliability Workbook", 2018, chapter 5.)
 */
export const burns = [
  { severity: 'page', forSeconds: 120, tiers: [{ rate: 14.4, shortSeconds: 300, longSeconds: 3_600 }] },
  {
    severity: 'ticket',
    forSeconds: 900,
    tiers: [
      { rate: 6, shortSeconds: 1_800, longSeconds: 21_600 },
      { rate: 1, shortSeconds: 21_600, longSeconds: 259_200 },
    ],
  },
] as const;

/** Every window of a burn, from the shortest to the longest. */
export const burnWindows: readonly number[] = [
  ...new Set(
    burns.flatMap(({ tiers }) => tiers.flatMap(({ shortSeconds, longSeconds }) => [shortSeconds, longSeconds])),
  ),
].toSorted((a, b) => a - b);
