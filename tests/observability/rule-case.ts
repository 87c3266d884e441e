/** Series that make an alert fire and let it clear. */
export interface RuleCase {
  readonly alert: string;
  readonly what: string;
  /** Interval of the values and of the evaluations; default a minute. */
  readonly every?: string;
  /** In promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  readonly firesAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** A time at which it does not fire yet. */
  readonly quietAt: string;
  readonly clearsAt: string;
  /** The same alert in its other severity, which still fires when this one has cleared. */
  readonly left?: Pick<RuleCase, 'labels' | 'summary'>;
}
