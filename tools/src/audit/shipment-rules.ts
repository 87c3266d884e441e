/** A parcel for each order that SHIPPED, and for no other. */
import type { Order, Shipment } from '../documents.ts';
import { findById, type Rule } from './rule.ts';

export const shipmentRules: readonly Rule[] = [
  {
    id: 'shipped-orders-have-a-parcel',
    sentence: 'Each order that SHIPPED has a shipment that SHIPPED.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases }) {
          const shipped = page.filter(({ status }) => status === 'SHIPPED');
          const ids = shipped.map(({ _id }) => _id);
          const shipments = await findById<Shipment>(databases.shipments, ids, ['status']);
          return shipped.flatMap((order) => {
            const status = shipments.get(order._id)?.status;
            if (status === 'SHIPPED') return [];
            return [{ item: order, subject: order._id, detail: `is SHIPPED, its shipment is ${status ?? 'missing'}` }];
          });
        },
      },
    ],
  },
  {
    id: 'parcels-have-a-shipped-order',
    sentence: 'No shipment SHIPPED for an order that did not.',
    checks: [
      {
        over: 'shipments',
        async check(page, { databases, isOld }) {
          // The order learns of it a little later.
          const shipped = page.filter(
            (shipment) =>
              shipment.status === 'SHIPPED' && isOld(shipment.shipped?.data.timestamp ?? shipment.created_at),
          );
          const ids = shipped.map(({ _id }) => _id);
          const orders = await findById<Order>(databases.orders, ids, ['status']);
          return shipped.flatMap((shipment) => {
            const status = orders.get(shipment._id)?.status;
            if (status === 'SHIPPED') return [];
            const detail = `has a shipped parcel, the order is ${status ?? 'missing'}`;
            return [{ item: shipment, subject: shipment._id, detail }];
          });
        },
      },
    ],
  },
];
