/** Stock is conserved: nothing is sold that is not on hand, and nothing stays reserved without a shipped order. */
import type { Reservation } from '../documents.ts';
import { finalStates } from './order-rules.ts';
import { findById, type Rule } from './rule.ts';

export const stockRules: readonly Rule[] = [
  {
    id: 'stock-balances',
    sentence: 'The stock on hand of each product is what was set, less what was reserved, plus what was released.',
    checks: [
      {
        over: 'products',
        check: async (page) =>
          page
            .filter(({ on_hand, expected }) => (on_hand ?? 0) !== expected)
            .map((product) => ({
              item: product,
              subject: product._id,
              detail: `${product.on_hand ?? 'nothing'} on hand, ${product.expected} expected`,
            })),
      },
    ],
  },
  {
    id: 'stock-not-negative',
    sentence: 'No product has a negative stock on hand.',
    checks: [
      {
        over: 'products',
        check: async (page) =>
          page
            .filter(({ on_hand }) => on_hand !== null && on_hand < 0)
            .map((product) => ({ item: product, subject: product._id, detail: `${product.on_hand} on hand` })),
      },
    ],
  },
  {
    id: 'stock-is-held-for-orders',
    sentence: 'Stock is reserved for each order that SHIPPED, and for no other order in a final state.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases, isOld }) {
          // A cancellation releases stock after the order has reached its final state.
          const final = page.filter(({ status, updated_at }) => finalStates.has(status) && isOld(updated_at));
          const ids = final.map(({ _id }) => _id);
          const reservations = await findById<Reservation>(databases.updates, ids, ['status']);
          return final.flatMap((order) => {
            const isReserved = reservations.get(order._id)?.status === 'RESERVED';
            if (isReserved === (order.status === 'SHIPPED')) return [];
            const detail = `is ${order.status}, and its stock is ${isReserved ? '' : 'not '}reserved`;
            return [{ item: order, subject: order._id, detail }];
          });
        },
      },
    ],
  },
];
