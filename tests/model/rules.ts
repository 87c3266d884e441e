/** What must hold in every state of the model, and what must hold once nothing is left to do. */
import { canReach, isFinal } from '@order-pipeline/events/order-lifecycle';
import type { LedgerRow } from '../../services/payment/test/ledger-in-memory.ts';
import type { AskableDecisions } from './decisions.ts';

interface Books {
  readonly order: number;
  readonly ledger: number;
  readonly shelf: number;
  readonly shipment: number;
}

/** Facts of which an order has at most one: two of them would be two truths. */
const exclusive = [
  ['shipment_processed:SHIPPED', 'shipment_processed:CANCELLED'],
  ['payment_processed:COMPLETED', 'payment_processed:DECLINED'],
  ['payment_processed:DECLINED', 'payment_processed:REFUNDED'],
  ['inventory_updated:RESERVED', 'inventory_updated:REJECTED'],
  ['inventory_updated:REJECTED', 'inventory_updated:RELEASED'],
] as const;

/** The steps towards the parcel: a cancellation ends an order that lacks one of them. */
const forward = new Set(['order_placed:PENDING', 'payment_processed:COMPLETED', 'inventory_updated:RESERVED']);

const sum = (rows: readonly LedgerRow[], counts: (row: LedgerRow) => boolean): number =>
  rows.filter(counts).reduce((total, row) => total + row.amount_minor, 0);
const captured = (rows: readonly LedgerRow[]): number =>
  sum(rows, (row) => row.kind === 'charge' && row.outcome === 'captured');
const refunded = (rows: readonly LedgerRow[]): number => sum(rows, (row) => row.kind === 'refund');

export function createRules(decisions: AskableDecisions) {
  const { orders, shelves, shipments, ledgers, lists, initial } = decisions;
  const set = shelves.get(initial.shelf).products;

  /** Everything that was told on a topic about one order. */
  const faultOfLog = (events: readonly number[]): string | undefined => {
    const told = new Map<string, number>();
    for (const event of events) {
      const fact = decisions.describe(event);
      if ((told.get(fact) ?? event) !== event) return `${fact} was told twice, in different bytes`;
      told.set(fact, event);
    }
    const both = exclusive.find((pair) => pair.every((fact) => told.has(fact)));
    return both && `both ${both.join(' and ')} were told`;
  };

  const faultOfMove = (before: number, after: number): string | undefined => {
    const [from, to] = [orders.get(before).status, orders.get(after).status];
    return canReach(from, to) ? undefined : `the order moved from ${from} to ${to}`;
  };

  const faultOfBooks = ({ ledger, shelf }: Pick<Books, 'ledger' | 'shelf'>): string | undefined => {
    const rows = ledgers.get(ledger);
    if (refunded(rows) > captured(rows)) return 'more was refunded than captured';
    const { products, reservation } = shelves.get(shelf);
    for (const [index, { _id, quantity }] of products.entries()) {
      const held =
        reservation?.status === 'RESERVED'
          ? (reservation.lines.find(({ product_id }) => product_id === _id)?.quantity ?? 0)
          : 0;
      if (quantity < 0) return `the stock of ${_id} is ${quantity}`;
      if (quantity + held !== set[index]?.quantity) return `${_id} has ${quantity} on hand and ${held} reserved`;
    }
    return undefined;
  };

  const hasGone = (shipment: number): boolean => shipments.get(shipment)?.status === 'SHIPPED';
  const isRefundRefused = (order: number): boolean => orders.get(order).customer_id.startsWith('NOREFUND');

  const faultOfMoneyAndParcel = ({ order, ledger, shipment }: Books): string | undefined => {
    const { status, total_minor } = orders.get(order);
    const rows = ledgers.get(ledger);
    const kept = captured(rows) - refunded(rows);
    const due = status === 'SHIPPED' || (isRefundRefused(order) && !isFinal(status)) ? total_minor : 0;
    if (kept !== due) return `the order is ${status}, and ${kept} of ${due} are kept`;
    if (hasGone(shipment) !== (status === 'SHIPPED'))
      return `the order is ${status}, and its parcel is not where it should be`;
    return undefined;
  };

  /** Whether an order that lacks these steps may stand still: a redrive or a cancellation ends it. */
  const mayStandStill = ({ order }: Books, missing: readonly number[]): boolean => {
    if (missing.some((event) => !forward.has(decisions.describe(event)))) return true;
    if (missing.length === 0 || isFinal(orders.get(order).status)) return false;
    return lists.get(decisions.cancel(order).events).length > 0;
  };

  /** The order has a legal end, and money, stock and parcel are where that end says, so far as no step is missing. */
  const faultAtRest = (books: Books, missing: readonly number[]): string | undefined => {
    const { status } = orders.get(books.order);
    if (mayStandStill(books, missing)) return isFinal(status) ? faultOfMoneyAndParcel(books) : undefined;
    if (!isFinal(status) && !isRefundRefused(books.order)) return `nothing is left to do, and the order is ${status}`;
    const isReserved = shelves.get(books.shelf).reservation?.status === 'RESERVED';
    if (isReserved !== (status === 'SHIPPED')) return `the order is ${status}, and its stock is not where it should be`;
    return faultOfMoneyAndParcel(books);
  };

  return { faultOfLog, faultOfMove, faultOfBooks, faultAtRest };
}
