/** What the page makes of an order's facts: where they happen, what they are called, what caused them, how it stands. */

export const lanes = ['order', 'payment', 'inventory', 'shipment'] as const;
export type Lane = 0 | 1 | 2 | 3;

/** `going` on its way, `good` the wished end, `refused` and `undone` compensations and their ends, `stopped` cancelled. */
export type Tone = 'going' | 'good' | 'refused' | 'undone' | 'stopped';

export interface Fact {
  readonly lane: Lane;
  readonly label: string;
  readonly tone: Tone;
  /** The facts of which one brings it about, the likeliest first. */
  readonly after: readonly string[];
}

/** In the order in which they follow from each other. */
export const facts: Readonly<Record<string, Fact>> = {
  'order_placed:PENDING': { lane: 0, label: 'Placed', tone: 'going', after: [] },
  'payment_processed:COMPLETED': { lane: 1, label: 'Paid', tone: 'going', after: ['order_placed:PENDING'] },
  'payment_processed:DECLINED': {
    lane: 1,
    label: 'Declined',
    tone: 'refused',
    after: ['shipment_processed:CANCELLED', 'order_placed:PENDING'],
  },
  'inventory_updated:RESERVED': { lane: 2, label: 'Reserved', tone: 'going', after: ['payment_processed:COMPLETED'] },
  'inventory_updated:REJECTED': { lane: 2, label: 'Rejected', tone: 'refused', after: ['payment_processed:COMPLETED'] },
  'order_cancelled:CANCELLING': { lane: 0, label: 'Cancelling', tone: 'stopped', after: [] },
  'shipment_processed:SHIPPED': { lane: 3, label: 'Shipped', tone: 'good', after: ['inventory_updated:RESERVED'] },
  'shipment_processed:CANCELLED': {
    lane: 3,
    label: 'Stopped',
    tone: 'stopped',
    after: ['order_cancelled:CANCELLING'],
  },
  'inventory_updated:RELEASED': {
    lane: 2,
    label: 'Released',
    tone: 'undone',
    after: ['shipment_processed:CANCELLED'],
  },
  'payment_processed:REFUNDED': {
    lane: 1,
    label: 'Refunded',
    tone: 'undone',
    after: ['shipment_processed:CANCELLED', 'inventory_updated:REJECTED'],
  },
};

const ranks = new Map(Object.keys(facts).map((name, rank) => [name, rank]));
export const rankOf = (name: string): number => ranks.get(name) ?? ranks.size;
export const factName = (step: { readonly type: string; readonly status: string }): string =>
  `${step.type}:${step.status}`;
export const factOf = (step: { readonly type: string; readonly status: string }): Fact | undefined =>
  facts[factName(step)];

export interface Standing {
  readonly label: string;
  readonly tone: Tone;
  readonly ended: boolean;
}

const open = (label: string, tone: Tone = 'going'): Standing => ({ label, tone, ended: false });
const end = (label: string, tone: Tone): Standing => ({ label, tone, ended: true });

export const standings = {
  PENDING: open('Placed'),
  PAID: open('Paid'),
  RESERVED: open('Reserved'),
  REFUNDING: open('Refunding', 'undone'),
  CANCELLING: open('Cancelling', 'stopped'),
  SHIPPED: end('Shipped', 'good'),
  PAYMENT_DECLINED: end('Declined', 'refused'),
  REFUNDED: end('Refunded', 'undone'),
  CANCELLED: end('Cancelled', 'stopped'),
} as const satisfies Record<string, Standing>;
export type State = keyof typeof standings;

/** How an order stands, judged from all facts that are known, in whatever order they came. */
export function stateOf(has: (fact: string) => boolean): State {
  const declined = has('payment_processed:DECLINED');
  const refunded = has('payment_processed:REFUNDED');
  const stopped = has('shipment_processed:CANCELLED');
  if (has('shipment_processed:SHIPPED')) return 'SHIPPED';
  if (stopped && (declined || refunded)) return 'CANCELLED';
  if (stopped || has('order_cancelled:CANCELLING')) return 'CANCELLING';
  if (declined) return 'PAYMENT_DECLINED';
  if (refunded) return 'REFUNDED';
  if (has('inventory_updated:REJECTED')) return 'REFUNDING';
  if (has('inventory_updated:RESERVED')) return 'RESERVED';
  return has('payment_processed:COMPLETED') ? 'PAID' : 'PENDING';
}

const reasons: Readonly<Record<string, string>> = {
  CUSTOMER_DECLINED: 'customer declined',
  AMOUNT_OVER_LIMIT: 'amount over the limit',
  INSUFFICIENT_STOCK: 'out of stock',
  UNKNOWN_PRODUCT: 'unknown product',
  PRICE_CHANGED: 'price changed',
  ORDER_CANCELLED: 'order cancelled',
  PAYMENT_DECLINED: 'payment declined',
  REFUND_REFUSED: 'refund refused',
};
export const reasonText = (reason: string): string => reasons[reason] ?? reason.toLowerCase().replaceAll('_', ' ');

interface Timed {
  readonly type: string;
  readonly status: string;
  readonly time: number;
}

/** By time; facts of the same moment in the order in which they follow from each other. */
export const byTime = (a: Timed, b: Timed): number => a.time - b.time || rankOf(factName(a)) - rankOf(factName(b));

/** The step that brought this one about, among those of its order. */
export function causeOf<S extends Timed>(step: S, steps: readonly S[]): S | undefined {
  for (const cause of factOf(step)?.after ?? []) {
    const found = steps.find((other) => factName(other) === cause);
    if (found) return found;
  }
  return undefined;
}
