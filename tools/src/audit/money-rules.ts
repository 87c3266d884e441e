/** Money, as the payment gateway's own ledger records it. */
import { decimalFromMinor } from '@order-pipeline/events';
import type { Charge, LedgerEntry, Order } from '../documents.ts';
import { finalStates } from './order-rules.ts';
import { findById, type Rule } from './rule.ts';

const entryFields = ['kind', 'outcome', 'amount_minor'] as const;
const chargeKey = (orderId: string): string => `${orderId}:charge`;
const refundKey = (orderId: string): string => `${orderId}:refund`;

const isCaptured = (entry: LedgerEntry | undefined): entry is Charge =>
  entry?.kind === 'charge' && entry.outcome === 'captured';
const capturedMinor = (entry: LedgerEntry | undefined): number => (isCaptured(entry) ? entry.amount_minor : 0);
const refundedMinor = (entry: LedgerEntry | undefined): number => (entry?.kind === 'refund' ? entry.amount_minor : 0);
const amount = (minor: number): string => decimalFromMinor(minor).toFixed(2);

export const moneyRules: readonly Rule[] = [
  {
    id: 'charged-once',
    sentence: 'An order is charged at most once: every charge has the one idempotency key of its order.',
    checks: [
      {
        over: 'ledger',
        check: async (page) =>
          page
            .filter((entry) => isCaptured(entry) && entry._id !== chargeKey(entry.order_id))
            .map((entry) => ({
              item: entry,
              subject: entry.order_id,
              detail: `${amount(entry.amount_minor)} captured with the key ${entry._id}`,
            })),
      },
    ],
  },
  {
    id: 'refunds-within-charges',
    sentence: 'An order is refunded at most once, and never more than was captured.',
    checks: [
      {
        over: 'ledger',
        async check(page, { databases }) {
          const refunds = page.filter(({ kind }) => kind === 'refund');
          const keys = refunds.map(({ order_id }) => chargeKey(order_id));
          const charges = await findById<LedgerEntry>(databases.ledger, keys, entryFields);
          return refunds.flatMap((entry) => {
            const captured = capturedMinor(charges.get(chargeKey(entry.order_id)));
            if (entry._id === refundKey(entry.order_id) && entry.amount_minor <= captured) return [];
            const detail = `${amount(entry.amount_minor)} refunded with the key ${entry._id}, ${amount(captured)} captured`;
            return [{ item: entry, subject: entry.order_id, detail }];
          });
        },
      },
    ],
  },
  {
    id: 'money-balances',
    sentence:
      'What was captured less what was refunded is the total of an order that SHIPPED, and zero for any other order in a ' +
      'final state and for an unknown order.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases }) {
          const final = page.filter(({ status }) => finalStates.has(status));
          const keys = final.flatMap(({ _id }) => [chargeKey(_id), refundKey(_id)]);
          const entries = await findById<LedgerEntry>(databases.ledger, keys, entryFields);
          return final.flatMap((order) => {
            const captured = capturedMinor(entries.get(chargeKey(order._id)));
            // A refund above the charge violates the other rule.
            const refunded = Math.min(captured, refundedMinor(entries.get(refundKey(order._id))));
            const due = order.status === 'SHIPPED' ? order.total_minor : 0;
            if (captured - refunded === due) return [];
            const detail =
              `is ${order.status} with a total of ${amount(order.total_minor)}, ` +
              `${amount(captured)} captured, ${amount(refunded)} refunded`;
            return [{ item: order, subject: order._id, detail }];
          });
        },
      },
      {
        over: 'ledger',
        async check(page, { databases }) {
          const charges = page.filter(isCaptured);
          const ids = charges.map(({ order_id }) => order_id);
          const orders = await findById<Order>(databases.orders, ids, ['status']);
          return charges
            .filter(({ order_id }) => !orders.has(order_id))
            .map((entry) => ({
              item: entry,
              subject: entry.order_id,
              detail: `${amount(entry.amount_minor)} captured for an unknown order`,
            }));
        },
      },
    ],
  },
];
