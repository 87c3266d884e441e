export interface Alert {
  readonly name: string;
  readonly group: 'objectives' | 'consumers' | 'flow' | 'audit' | 'scaler';
  readonly expr: string;
  readonly forSeconds: number;
  /** page: act now. ticket: act today. */
  readonly severity: 'page' | 'ticket';
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
}
