/** A parcel for each order that SHIPPED, and for no other. */
import type { StoredOrder, StoredShipment } from '../databases.ts';
import { lookUp, type Rule } from './rule.ts';

export const shipmentRules: readonly Rule[] = [
  {
    id: 'shipped-orders-have-a-parcel',
    sentence: 'For each order that SHIPPED there is a shipment that SHIPPED.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases }) {
          const shipped = page.filter(({ status }) => status === 'SHIPPED');
          const ids = shipped.map(({ _id }) => _id);
          const shipments = await lookUp<StoredShipment>(databases.shipments, ids, ['status']);
          return shipped.flatMap((order) => {
            const status = shipments.get(order._id)?.status;
            if (status === 'SHIPPED') return [];
            return [
              { item: order, subject: order._id, detail: `is SHIPPED, its shipment is ${status ?? 'not there'}` },
            ];
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
          const orders = await lookUp<StoredOrder>(databases.orders, ids, ['status']);
          return shipped.flatMap((shipment) => {
            const status = orders.get(shipment._id)?.status;
            if (status === 'SHIPPED') return [];
            const detail = `has a parcel that has gone, the order is ${status ?? 'not there'}`;
            return [{ item: shipment, subject: shipment._id, detail }];
          });
        },
      },
    ],
  },
];
