/** Which fates the orders of a load are to have, and in what shares. Pure. */
import { parseCount, usageError } from '../command-line.ts';

/** What is wanted of an order, and what it says for that. */
export const fates = {
  shipped: 'goes all the way',
  declined: 'a customer whose payment is declined',
  'out-of-stock': 'is charged, refused by the inventory, and refunded',
  'price-changed': 'likewise, for a price that is not the catalogue’s',
  cancelled: 'is cancelled at once; the parcel may be faster',
} as const;
export type Fate = keyof typeof fates;

export type Mix = ReadonlyMap<Fate, number>;

export const defaultMix = 'shipped=90,declined=4,out-of-stock=2,price-changed=2,cancelled=2';
const maxWeight = 1_000;

/** Weights by fate, of "shipped=9,declined=1"; a fate that is not named gets none. Throws a ToolError. */
export function parseMix(text: string): Mix {
  const mix = new Map<Fate, number>();
  for (const part of text.split(',')) {
    const [name = '', weight = ''] = part.split('=').map((each) => each.trim());
    if (!Object.hasOwn(fates, name)) {
      throw usageError('load', `--mix: there is no fate ${name}; there are ${Object.keys(fates).join(', ')}.`);
    }
    if (mix.has(name as Fate)) throw usageError('load', `--mix: ${name} is given twice.`);
    mix.set(name as Fate, parseCount('load', `--mix ${name}`, weight, { min: 0, max: maxWeight }));
  }
  if ([...mix.values()].every((weight) => weight === 0)) throw usageError('load', '--mix: all weights are 0.');
  return mix;
}

/**
 * One fate after the other, so that any run of orders has the shares of the mix as nearly as its length allows (smooth
 * weighted round-robin, as nginx balances by).
 */
export function fatesOf(mix: Mix): () => Fate {
  const total = [...mix.values()].reduce((sum, weight) => sum + weight, 0);
  const due = [...mix].map(([fate, weight]) => ({ fate, weight, credit: 0 }));
  return () => {
    for (const each of due) each.credit += each.weight;
    const next = due.reduce((best, each) => (each.credit > best.credit ? each : best));
    next.credit -= total;
    return next.fate;
  };
}
