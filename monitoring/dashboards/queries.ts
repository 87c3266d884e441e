/** PromQL that several panels have in common. */
import type { Target } from '../panels.ts';

export const perSecond = (metric: string, by: string, labels = ''): string =>
  `sum by (${by}) (rate(${metric}${labels}[$__rate_interval]))`;

/** Quantiles of a histogram, one line each. */
export const quantiles = (histogram: string, labels = '', exemplar = false): Target[] =>
  [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket${labels}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
    ...(exemplar ? { exemplar } : {}),
  }));

export const quantileBy = (by: string, histogram: string, labels = '', exemplar = false): Target[] => [
  {
    expr: `histogram_quantile(0.95, sum by (le, ${by}) (rate(${histogram}_bucket${labels}[$__rate_interval])))`,
    legend: `{{${by}}}`,
    ...(exemplar ? { exemplar } : {}),
  },
];
