/** The invariants of every state of the model, and those of an idle state. */
import { canReach, isFinal } from '@order-pipeline/events/order-lifecycle';
import type { LedgerRow } from '../../services/payment/test/ledger-in-memory.ts';
import type { ModelDecisions } from './decisions.ts';

interface Documents {
  readonly order: number;
  readonly ledger: number;
  readonly stock: number;
  readonly shipment: number;
}

/** Facts of which an order has at most one, because they contradict each other. */
const exclusive = [
  ['shipment_processed:SHIPPED', 'shipment_processed:CANCELLED'],
  ['payment_processed:COMPLETED', 'payment_processed:DECLINED'],
  ['payment_processed:DECLINED', 'payment_processed:REFUNDED'],
  ['inventory_updated:RESERVED', 'inventory_updated:REJECTED'],
  ['inventory_updated:REJECTED', 'inventory_updated:RELEASED'],
] as const;

/** The facts that lead to the shipment: an order that lacks one of them can be cancelled. */
const forward = new Set(['order_placed:PENDING', 'payment_processed:COMPLETED', 'inventory_updated:RESERVED']);

const sum = (rows: readonly LedgerRow[], counts: (row: LedgerRow) => boolean): number =>
  rows.filter(counts).reduce((total, row) => total + row.amount_minor, 0);
const captured = (rows: readonly LedgerRow[]): number =>
  sum(rows, (row) => row.kind === 'charge' && row.outcome === 'captured');
const refunded = (rows: readonly LedgerRow[]): number => sum(rows, (row) => row.kind === 'refund');

export function createRules(decisions: ModelDecisions) {
  const { orders, stocks, shipments, ledgers, lists, initial } = decisions;
  const set = stocks.get(initial.stock).products;

  /** Of the events of one order in a topic. */
  const violationOfLog = (events: readonly number[]): string | undefined => {
    const published = new Map<string, number>();
    for (const event of events) {
      const fact = decisions.describe(event);
      if ((published.get(fact) ?? event) !== event) return `${fact} was published twice, with different bytes`;
      published.set(fact, event);
    }
    const both = exclusive.find((pair) => pair.every((fact) => published.has(fact)));
    return both && `both ${both.join(' and ')} were published`;
  };

  const violationOfTransition = (before: number, after: number): string | undefined => {
    const [from, to] = [orders.get(before).status, orders.get(after).status];
    return canReach(from, to) ? undefined : `the order moved from ${from} to ${to}`;
  };

  const violationOfLedgerAndStock = ({ ledger, stock }: Pick<Documents, 'ledger' | 'stock'>): string | undefined => {
    const rows = ledgers.get(ledger);
    if (refunded(rows) > captured(rows)) return 'more was refunded than captured';
    const { products, reservation } = stocks.get(stock);
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

  const hasShipped = (shipment: number): boolean => shipments.get(shipment)?.status === 'SHIPPED';
  const isRefundRefused = (order: number): boolean => orders.get(order).customer_id.startsWith('NOREFUND');

  const violationOfPaymentAndShipment = ({ order, ledger, shipment }: Documents): string | undefined => {
    const { status, total_minor } = orders.get(order);
    const rows = ledgers.get(ledger);
    const kept = captured(rows) - refunded(rows);
    const due = status === 'SHIPPED' || (isRefundRefused(order) && !isFinal(status)) ? total_minor : 0;
    if (kept !== due) return `the order is ${status}, and the customer paid ${kept} instead of ${due}`;
    if (hasShipped(shipment) !== (status === 'SHIPPED')) return `the order is ${status}, and its shipment is not`;
    return undefined;
  };

  /** Whether an order may be stuck without these events, because a redrive or a cancellation completes it. */
  const mayBeStuck = ({ order }: Documents, missing: readonly number[]): boolean => {
    if (missing.some((event) => !forward.has(decisions.describe(event)))) return true;
    if (missing.length === 0 || isFinal(orders.get(order).status)) return false;
    return lists.get(decisions.cancel(order).events).length > 0;
  };

  /** The order is final, and payment, stock and shipment agree with its state, unless an event is missing. */
  const violationWhenIdle = (documents: Documents, missing: readonly number[]): string | undefined => {
    const { status } = orders.get(documents.order);
    if (mayBeStuck(documents, missing)) return isFinal(status) ? violationOfPaymentAndShipment(documents) : undefined;
    if (!isFinal(status) && !isRefundRefused(documents.order))
      return `the pipeline is idle, and the order is ${status}`;
    const isReserved = stocks.get(documents.stock).reservation?.status === 'RESERVED';
    if (isReserved !== (status === 'SHIPPED')) return `the order is ${status}, and its stock does not agree`;
    return violationOfPaymentAndShipment(documents);
  };

  return { violationOfLog, violationOfTransition, violationOfLedgerAndStock, violationWhenIdle };
}
