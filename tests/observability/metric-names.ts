/** The metrics in a PromQL expression. */
const words = new Set([
  'and',
  'or',
  'unless',
  'by',
  'on',
  'without',
  'ignoring',
  'bool',
  'offset',
  'group_left',
  'group_right',
]);

/** All names except keywords, functions, labels, and parts of strings and durations. */
export function metricNamesOf(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/(?<![\w.:])[A-Za-z_:][\w:]*(?!\s*\()(?![\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !words.has(name));
}

/** An expression of a dashboard, with its variables filled in as Grafana would. */
export const filledIn = (expr: string, rateInterval: string): string =>
  expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$service', 'order').replaceAll('$name', 'payment');
