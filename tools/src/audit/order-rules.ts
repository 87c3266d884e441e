/** Orders reach a final state, and their events are published. */
import type { Order, Shipment } from '../documents.ts';
import { findById, type Candidate, type Rule } from './rule.ts';

/** Not those of packages/events: the auditor is an independent oracle of the lifecycle. */
export const finalStates: ReadonlySet<Order['status']> = new Set([
  'SHIPPED',
  'PAYMENT_DECLINED',
  'REFUNDED',
  'CANCELLED',
]);

function unpublished<Item extends Pick<Order, '_id' | 'outbox'>>(
  page: readonly Item[],
  isOld: (at: Date) => boolean,
): Candidate<Item>[] {
  return page.flatMap((item) => {
    const late = item.outbox?.find(({ at }) => isOld(at));
    if (!late) return [];
    return [{ item, subject: item._id, detail: `${late.fact} is in the outbox since ${late.at.toISOString()}` }];
  });
}

/** A customer may cancel until the parcel is shipped, however long that takes. */
function waitsSince({ created_at, facts }: Order): Date | string {
  return facts['order_cancelled:CANCELLING']?.time ?? created_at;
}

/** Waits for a parcel, or the parcel is shipped and the order does not know it yet. */
function waitsForParcel({ status }: Order, shipment: Shipment | undefined): shipment is Shipment {
  return status === 'RESERVED' && shipment !== undefined && shipment.status !== 'CANCELLED';
}

export const orderRules: readonly Rule[] = [
  {
    id: 'orders-come-to-an-end',
    sentence:
      'Every accepted order is in a final state, is younger than the age limit, or waits for a parcel that is not due yet.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases, isOld }) {
          const open = page.filter((order) => !finalStates.has(order.status) && isOld(waitsSince(order)));
          const ids = open.map(({ _id }) => _id);
          const shipments = await findById<Shipment>(databases.shipments, ids, ['status', 'due_at']);
          return open.flatMap((order) => {
            const shipment = shipments.get(order._id);
            if (waitsForParcel(order, shipment) && !isOld(shipment.due_at)) return [];
            const detail = `is ${order.status} since ${order.updated_at.toISOString()}; npm run order -- why ${order._id}`;
            return [{ item: order, subject: order._id, detail }];
          });
        },
      },
    ],
  },
  {
    id: 'outbox-is-relayed',
    sentence: 'No event is in an outbox for longer than the age limit.',
    checks: [
      { over: 'orders', check: async (page, { isOld }) => unpublished(page, isOld) },
      { over: 'shipments', check: async (page, { isOld }) => unpublished(page, isOld) },
    ],
  },
];
