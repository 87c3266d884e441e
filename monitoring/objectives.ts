/** Service level objectives, and the burn rates at which their alerts fire. */
export interface Objective {
  readonly alert: string;
  /** Prefix of the recording rules for the share of bad events, one per window below. */
  readonly record: string;
  /** Share of good events over thirty days. */
  readonly target: number;
  /** PromQL for the share of bad events within the window. */
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
    what: `of the orders that ship take more than ${lateAfterSeconds} s`,
  },
  {
    alert: 'OrdersNotAccepted',
    record: 'pipeline:orders_not_accepted:ratio_rate',
    target: 0.999,
    bad: (window) =>
      `(sum(rate(${posts},status=~"5.."}[${window}])) or 0 * sum(rate(${posts}}[${window}]))) / sum(rate(${posts}}[${window}]))`,
    what: 'of the orders that customers place get a server error',
  },
];

/**
 * Burn rates: how many times too fast the error budget of thirty days is consumed. Two windows each, so that an alert
 * fires early and resolves early. The slowest rate is 1: without it, a service could miss its objective without an alert.
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
