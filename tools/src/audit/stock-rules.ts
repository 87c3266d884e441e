/** Stock is conserved: nothing is sold that is not there, and nothing is kept back for nobody. */
import type { Reservation } from '../databases.ts';
import { finalStates } from './order-rules.ts';
import { lookUp, type Rule } from './rule.ts';

export const stockRules: readonly Rule[] = [
  {
    id: 'stock-balances',
    sentence: 'Of each product there is on hand what was set, less what was reserved, and what was released again.',
    checks: [
      {
        over: 'products',
        check: async (page) =>
          page
            .filter(({ on_hand, booked }) => (on_hand ?? 0) !== booked)
            .map((product) => ({
              item: product,
              subject: product._id,
              detail: `${product.on_hand ?? 'nothing'} on hand, ${product.booked} by the books`,
            })),
      },
    ],
  },
  {
    id: 'stock-not-negative',
    sentence: 'Of no product is there less than nothing on hand.',
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
    sentence: 'Stock is reserved for an order that SHIPPED, and for no other that has ended.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases, isOld }) {
          // What a cancellation releases comes back after the order has ended.
          const ended = page.filter(({ status, updated_at }) => finalStates.has(status) && isOld(updated_at));
          const ids = ended.map(({ _id }) => _id);
          const reservations = await lookUp<Reservation>(databases.updates, ids, ['status']);
          return ended.flatMap((order) => {
            const reserved = reservations.get(order._id)?.status === 'RESERVED';
            if (reserved === (order.status === 'SHIPPED')) return [];
            const detail = `is ${order.status}, and its stock is ${reserved ? '' : 'not '}reserved`;
            return [{ item: order, subject: order._id, detail }];
          });
        },
      },
    ],
  },
];
