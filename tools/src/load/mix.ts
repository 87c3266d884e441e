/** Which kinds of orders a load places, and in what shares. Pure. */
import { parseCount, usageError } from '../command-line.ts';

export const orderKinds = {
  shipped: 'is shipped',
  declined: 'is of a customer whose payment is declined',
  'out-of-stock': 'is charged, rejected by the inventory, and refunded',
  'price-changed': 'the same, because its price is not the one in the catalogue',
  cancelled: 'is cancelled at once, unless the parcel is shipped before',
} as const;
export type OrderKind = keyof typeof orderKinds;

export type Mix = ReadonlyMap<OrderKind, number>;

export const defaultMix = 'shipped=90,declined=4,out-of-stock=2,price-changed=2,cancelled=2';
const maxWeight = 1_000;

/** Weights by kind, of "shipped=9,declined=1"; a kind that is not named has none. Throws a ToolError. */
export function parseMix(text: string): Mix {
  const mix = new Map<OrderKind, number>();
  for (const part of text.split(',')) {
    const [name = '', weight = ''] = part.split('=').map((each) => each.trim());
    if (!Object.hasOwn(orderKinds, name)) {
      throw usageError('load', `--mix: there is no kind ${name}; there are ${Object.keys(orderKinds).join(', ')}.`);
    }
    if (mix.has(name as OrderKind)) throw usageError('load', `--mix: ${name} is given twice.`);
    mix.set(name as OrderKind, parseCount('load', `--mix ${name}`, weight, { min: 0, max: maxWeight }));
  }
  if ([...mix.values()].every((weight) => weight === 0)) throw usageError('load', '--mix: all weights are 0.');
  return mix;
}

/**
 * Returns the kind of the next order at each call, so that any run of orders has the shares of the mix as nearly as its
 * length allows (smooth weighted round-robin, the algorithm of nginx's load balancer).
 */
export function kindsOf(mix: Mix): () => OrderKind {
  const total = [...mix.values()].reduce((sum, weight) => sum + weight, 0);
  const due = [...mix].map(([kind, weight]) => ({ kind, weight, credit: 0 }));
  return () => {
    for (const each of due) each.credit += each.weight;
    const next = due.reduce((best, each) => (each.credit > best.credit ? each : best));
    next.credit -= total;
    return next.kind;
  };
}
