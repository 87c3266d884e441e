/** Money, counted in the payment gateway's own book. */
import { decimalFromMinor } from '@order-pipeline/events';
import type { ChargeRow, RefundRow, StoredOrder } from '../databases.ts';
import { finalStates } from './order-rules.ts';
import { lookUp, type Rule } from './rule.ts';

type Row = ChargeRow | RefundRow;

const rowFields = ['kind', 'outcome', 'amount_minor'] as const;
const chargeKey = (orderId: string): string => `${orderId}:charge`;
const refundKey = (orderId: string): string => `${orderId}:refund`;

const isCaptured = (row: Row | undefined): row is ChargeRow => row?.kind === 'charge' && row.outcome === 'captured';
const capturedMinor = (row: Row | undefined): number => (isCaptured(row) ? row.amount_minor : 0);
const refundedMinor = (row: Row | undefined): number => (row?.kind === 'refund' ? row.amount_minor : 0);
const money = (minor: number): string => decimalFromMinor(minor).toFixed(2);

export const moneyRules: readonly Rule[] = [
  {
    id: 'charged-once',
    sentence: 'An order is charged at most once: every charge stands under the one key of its order.',
    checks: [
      {
        over: 'ledger',
        check: async (page) =>
          page
            .filter((row) => isCaptured(row) && row._id !== chargeKey(row.order_id))
            .map((row) => ({
              item: row,
              subject: row.order_id,
              detail: `${money(row.amount_minor)} were captured under the key ${row._id}`,
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
          const charges = await lookUp<Row>(databases.ledger, keys, rowFields);
          return refunds.flatMap((row) => {
            const captured = capturedMinor(charges.get(chargeKey(row.order_id)));
            if (row._id === refundKey(row.order_id) && row.amount_minor <= captured) return [];
            const detail = `${money(row.amount_minor)} were refunded under the key ${row._id}, ${money(captured)} were captured`;
            return [{ item: row, subject: row.order_id, detail }];
          });
        },
      },
    ],
  },
  {
    id: 'money-balances',
    sentence:
      'What was captured less what was refunded is the total of an order that SHIPPED, and nothing for any other that ' +
      'has ended, or that is unknown.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases }) {
          const ended = page.filter(({ status }) => finalStates.has(status));
          const keys = ended.flatMap(({ _id }) => [chargeKey(_id), refundKey(_id)]);
          const rows = await lookUp<Row>(databases.ledger, keys, rowFields);
          return ended.flatMap((order) => {
            const captured = capturedMinor(rows.get(chargeKey(order._id)));
            // What exceeds the charge is the other rule's.
            const refunded = Math.min(captured, refundedMinor(rows.get(refundKey(order._id))));
            const due = order.status === 'SHIPPED' ? order.total_minor : 0;
            if (captured - refunded === due) return [];
            const detail = `is ${order.status} over ${money(order.total_minor)}, captured ${money(captured)}, refunded ${money(refunded)}`;
            return [{ item: order, subject: order._id, detail }];
          });
        },
      },
      {
        over: 'ledger',
        async check(page, { databases }) {
          const charges = page.filter(isCaptured);
          const ids = charges.map(({ order_id }) => order_id);
          const orders = await lookUp<StoredOrder>(databases.orders, ids, ['status']);
          return charges
            .filter(({ order_id }) => !orders.has(order_id))
            .map((row) => ({
              item: row,
              subject: row.order_id,
              detail: `${money(row.amount_minor)} were captured for an order that is unknown`,
            }));
        },
      },
    ],
  },
];
