/** What the page calls facts, states and reasons, where it places them, and in which tone it shows them. */
import { orderStates, type Fact, type OrderState } from '@order-pipeline/events/order-lifecycle';
import { factOf, type Step } from './steps.ts';

/** One lane per service; a fact is shown in the lane of the service that published it. */
export const lanes = ['order', 'payment', 'inventory', 'shipment'] as const;
export type Lane = 0 | 1 | 2 | 3;

/** `going` for an order on its way, `good` shipped, `refused` declined or rejected, `undone` refunded, `stopped` cancelled. */
type Tone = 'going' | 'good' | 'refused' | 'undone' | 'stopped';

export interface FactLabel {
  readonly lane: Lane;
  readonly text: string;
  readonly tone: Tone;
}

export const factLabels: Readonly<Record<Fact, FactLabel>> = {
  'order_placed:PENDING': { lane: 0, text: 'Placed', tone: 'going' },
  'payment_processed:COMPLETED': { lane: 1, text: 'Paid', tone: 'going' },
  'payment_processed:DECLINED': { lane: 1, text: 'Declined', tone: 'refused' },
  'payment_processed:REFUNDED': { lane: 1, text: 'Refunded', tone: 'undone' },
  'inventory_updated:RESERVED': { lane: 2, text: 'Reserved', tone: 'going' },
  'inventory_updated:REJECTED': { lane: 2, text: 'Rejected', tone: 'refused' },
  'inventory_updated:RELEASED': { lane: 2, text: 'Released', tone: 'undone' },
  'shipment_processed:SHIPPED': { lane: 3, text: 'Shipped', tone: 'good' },
  'shipment_processed:CANCELLED': { lane: 3, text: 'Stopped', tone: 'stopped' },
  'order_cancelled:CANCELLING': { lane: 0, text: 'Cancelling', tone: 'stopped' },
};

/** Undefined for an event of a newer release. */
export function labelOf(step: Step): FactLabel | undefined {
  const fact = factOf(step);
  return fact && factLabels[fact];
}

export interface StateLabel {
  readonly text: string;
  readonly tone: Tone;
}

export const stateLabels: Readonly<Record<OrderState, StateLabel>> = {
  PENDING: { text: 'Placed', tone: 'going' },
  PAID: { text: 'Paid', tone: 'going' },
  RESERVED: { text: 'Reserved', tone: 'going' },
  REFUNDING: { text: 'Refunding', tone: 'undone' },
  CANCELLING: { text: 'Cancelling', tone: 'stopped' },
  SHIPPED: { text: 'Shipped', tone: 'good' },
  PAYMENT_DECLINED: { text: 'Declined', tone: 'refused' },
  REFUNDED: { text: 'Refunded', tone: 'undone' },
  CANCELLED: { text: 'Cancelled', tone: 'stopped' },
};

/** Undefined for a state of a newer release. */
export const knownState = (status: string): OrderState | undefined => orderStates.find((state) => state === status);

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
