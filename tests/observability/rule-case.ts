/** Series that make an alert fire and let it clear. */
export interface RuleCase {
  readonly alert: string;
  readonly what: string;
  /** From one value, and one look of the rules, to the next; default a minute. */
  readonly every?: string;
  /** In promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  readonly firesAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** It has not fired yet. */
  readonly quietAt: string;
  readonly clearsAt: string;
  /** What the same alert says in its other severity when this one has cleared. */
  readonly left?: Pick<RuleCase, 'labels' | 'summary'>;
}
