/** Orders come to an end, and what they have to tell is told. */
import { lookUp, type Rule, type Suspect } from './rule.ts';
import type { StoredOrder, StoredShipment } from '../databases.ts';

/** A list of its own, not that of packages/events: the auditor is an independent oracle. */
export const finalStates: ReadonlySet<StoredOrder['status']> = new Set([
  'SHIPPED',
  'PAYMENT_DECLINED',
  'REFUNDED',
  'CANCELLED',
]);

interface WithOutbox {
  readonly _id: string;
  readonly outbox?: readonly { readonly fact: string; readonly at: Date }[];
}

const waitsInOutbox = <Item extends WithOutbox>(page: readonly Item[], isOld: (at: Date) => boolean): Suspect<Item>[] =>
  page.flatMap((item) => {
    const late = item.outbox?.find(({ at }) => isOld(at));
    if (!late) return [];
    return [{ item, subject: item._id, detail: `${late.fact} is not published since ${late.at.toISOString()}` }];
  });

/** A customer may change their mind until the parcel goes, however long that takes. */
const endIsDueFrom = ({ created_at, facts }: StoredOrder): Date | string =>
  facts['order_cancelled:CANCELLING']?.time ?? created_at;

/** It is under way, or has gone and the order does not know it yet. */
const isComing = (shipment: StoredShipment | undefined): shipment is StoredShipment =>
  shipment !== undefined && shipment.status !== 'CANCELLED';

export const orderRules: readonly Rule[] = [
  {
    id: 'orders-come-to-an-end',
    sentence: 'Every accepted order has ended, is younger than the bound, or waits for a parcel that is not due yet.',
    checks: [
      {
        over: 'orders',
        async check(page, { databases, isOld }) {
          const open = page.filter((order) => !finalStates.has(order.status) && isOld(endIsDueFrom(order)));
          const shipments = await lookUp<StoredShipment>(
            databases.shipments,
            open.map(({ _id }) => _id),
            ['status', 'due_at'],
          );
          return open.flatMap((order) => {
            const shipment = shipments.get(order._id);
            if (order.status === 'RESERVED' && isComing(shipment) && !isOld(shipment.due_at)) return [];
            const detail = `is ${order.status} since ${order.updated_at.toISOString()}; npm run order -- why ${order._id}`;
            return [{ item: order, subject: order._id, detail }];
          });
        },
      },
    ],
  },
  {
    id: 'outbox-is-relayed',
    sentence: 'No event waits in an outbox for longer than the bound.',
    checks: [
      { over: 'orders', check: async (page, { isOld }) => waitsInOutbox(page, isOld) },
      { over: 'shipments', check: async (page, { isOld }) => waitsInOutbox(page, isOld) },
    ],
  },
];
