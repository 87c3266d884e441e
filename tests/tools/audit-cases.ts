/** The cases of the auditor's test: violations, each with the rule that must report it, and legal states that resemble one. */
import type { Message } from 'kafkajs';
import { deadLetterHeaders } from '@order-pipeline/kafka';
import { encodeEvent, type EventOf } from '@order-pipeline/events';
import type { Databases } from '../../tools/src/databases.ts';

/** How an order became final; the one dead-lettered at the inventory was cancelled. */
export type Kind = 'shipped' | 'declined' | 'refunded' | 'cancelled' | 'cancelled before declined' | 'dead-lettered';

export interface Planting {
  /** Updates or creates the documents with this id, and deletes those whose change is null. */
  change(_id: string, changes: Partial<Record<keyof Databases, object | null>>): Promise<void>;
  send(message: Message & { readonly topic: string }): Promise<void>;
  /** Deletes the order's dead letter. */
  deleteDeadLetter(orderId: string): Promise<void>;
}

export interface Planted {
  readonly what: string;
  /** The kind of the order that it is planted in, 'no order' where none was placed, or the product. */
  readonly of: Kind | 'no order' | Uppercase<string>;
  plant(id: string, planting: Planting): Promise<void>;
}

export interface Violation extends Planted {
  readonly rule: string;
  /** The detail that the rule reports. */
  readonly detail: RegExp;
}

export const longAgo = new Date(Date.now() - 3_600_000);
/** Younger than every age limit. */
const soon = new Date(Date.now() + 3_600_000);

const cancelling = 'order_cancelled:CANCELLING';
const shipped = 'shipment_processed:SHIPPED';
const outbox = (fact: string, at: Date) => [{ fact, at, event: {} }];
const fact = (topic: string, at: Date) => ({ topic, time: at.toISOString() });
const event = (type: string, order_id: string, status: string, at: Date) => ({
  type,
  data: { order_id, status, timestamp: at.toISOString() },
});
const charge = (order_id: string, amount_minor: number) => ({
  $set: { order_id, kind: 'charge', outcome: 'captured', amount_minor },
});
const refund = (order_id: string, amount_minor: number) => ({ $set: { order_id, kind: 'refund', amount_minor } });
const payment = (order_id: string, status: 'REFUNDED' | 'DECLINED') =>
  encodeEvent({
    type: 'payment_processed',
    data: { order_id, status, amount_minor: 1, currency: 'USD', timestamp: longAgo.toISOString(), reason: 'PLANTED' },
  } satisfies EventOf<'payment_processed'>);

/** Puts an old event into the document that was never published. */
const unpublished =
  (where: keyof Databases, field: string, type: string, status: string): Planted['plant'] =>
  (id, { change }) =>
    change(id, { [where]: { $set: { [field]: event(type, id, status, longAgo) } } });

export const violations: readonly Violation[] = [
  {
    rule: 'orders-come-to-an-end',
    what: 'an order without progress',
    of: 'declined',
    plant: (id, { change }) => change(id, { orders: { $set: { status: 'PENDING' } } }),
    detail: /is PENDING since .*; npm run order -- why/,
  },
  {
    rule: 'orders-come-to-an-end',
    what: 'a cancellation without progress, with a shipment that is not due yet',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: {
          $set: {
            status: 'CANCELLING',
            [`facts.${cancelling}`]: fact('order_cancelled', longAgo),
            outbox: outbox(cancelling, soon),
          },
        },
        shipments: { $set: { status: 'PROCESSING', due_at: soon } },
      }),
    detail: /is CANCELLING since/,
  },
  {
    rule: 'orders-come-to-an-end',
    what: 'an order that lacks the fact of its reservation',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'PAID' } },
        shipments: { $set: { status: 'PROCESSING', due_at: soon } },
      }),
    detail: /is PAID since/,
  },
  {
    rule: 'orders-come-to-an-end',
    what: 'an overdue shipment',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'RESERVED' } },
        shipments: { $set: { status: 'PROCESSING', due_at: longAgo } },
      }),
    detail: /is RESERVED since/,
  },
  {
    rule: 'outbox-is-relayed',
    what: "an order's event that is not published",
    of: 'shipped',
    plant: (id, { change }) => change(id, { orders: { $set: { outbox: outbox('order_placed:PENDING', longAgo) } } }),
    detail: /order_placed:PENDING is in the outbox since/,
  },
  {
    rule: 'outbox-is-relayed',
    what: "a shipment's event that is not published",
    of: 'shipped',
    plant: (id, { change }) => change(id, { shipments: { $set: { outbox: outbox(shipped, longAgo) } } }),
    detail: /shipment_processed:SHIPPED is in the outbox since/,
  },
  {
    rule: 'charged-once',
    what: 'a second charge',
    of: 'shipped',
    plant: (id, { change }) => change(`${id}:charge:again`, { ledger: charge(id, 24_68) }),
    detail: /24\.68 captured with the key .*:charge:again/,
  },
  {
    rule: 'refunds-within-charges',
    what: 'a refund of more than the charge',
    of: 'refunded',
    plant: (id, { change }) => change(`${id}:refund`, { ledger: { $inc: { amount_minor: 1 } } }),
    detail: /1\.01 refunded with the key .*:refund, 1\.00 captured/,
  },
  {
    rule: 'refunds-within-charges',
    what: 'a second refund',
    of: 'refunded',
    plant: (id, { change }) => change(`${id}:refund:again`, { ledger: refund(id, 1_00) }),
    detail: /1\.00 refunded with the key .*:refund:again, 1\.00 captured/,
  },
  {
    rule: 'refunds-within-charges',
    what: 'a refund without a charge',
    of: 'declined',
    plant: (id, { change }) => change(`${id}:refund`, { ledger: refund(id, 5_00) }),
    detail: /5\.00 refunded with the key .*:refund, 0\.00 captured/,
  },
  {
    rule: 'money-balances',
    what: 'a REFUNDED order without a refund',
    of: 'refunded',
    plant: (id, { change }) => change(`${id}:refund`, { ledger: null }),
    detail: /is REFUNDED with a total of 1\.00, 1\.00 captured, 0\.00 refunded/,
  },
  {
    rule: 'money-balances',
    what: 'a captured amount below the price of the shipped order',
    of: 'shipped',
    plant: (id, { change }) => change(`${id}:charge`, { ledger: { $inc: { amount_minor: -1 } } }),
    detail: /is SHIPPED with a total of 24\.68, 24\.67 captured, 0\.00 refunded/,
  },
  {
    rule: 'money-balances',
    what: 'a charge for an unknown order',
    of: 'no order',
    plant: (id, { change }) => change(`${id}:charge`, { ledger: charge(id, 1_00) }),
    detail: /1\.00 captured for an unknown order/,
  },
  {
    rule: 'stock-balances',
    what: 'one unit too many',
    of: 'P003',
    plant: (id, { change }) => change(id, { inventory: { $inc: { quantity: 1 } } }),
    detail: /76 on hand, 75 expected/,
  },
  {
    rule: 'stock-balances',
    what: 'a product with updates and no stock',
    of: 'GONE',
    plant: (id, { change }) => change(`set:${id}`, { updates: { $set: { kind: 'set', product_id: id, delta: 3 } } }),
    detail: /nothing on hand, 3 expected/,
  },
  {
    rule: 'stock-balances',
    what: 'a product with stock and no updates',
    of: 'FOUND',
    plant: (id, { change }) => change(id, { inventory: { $set: { quantity: 5 } } }),
    detail: /5 on hand, 0 expected/,
  },
  {
    rule: 'stock-not-negative',
    what: 'negative stock',
    of: 'OVERSOLD',
    async plant(id, { change }) {
      await change(`set:${id}`, { updates: { $set: { kind: 'set', product_id: id, delta: -5 } } });
      await change(id, { inventory: { $set: { quantity: -5 } } });
    },
    detail: /-5 on hand/,
  },
  {
    rule: 'stock-is-held-for-orders',
    what: 'stock reserved for a refunded order',
    of: 'refunded',
    plant: (id, { change }) => change(id, { updates: { $set: { status: 'RESERVED' } } }),
    detail: /is REFUNDED, and its stock is reserved/,
  },
  {
    rule: 'stock-is-held-for-orders',
    what: 'a shipped order without reserved stock',
    of: 'shipped',
    plant: (id, { change }) => change(id, { updates: { $set: { status: 'RELEASED' } } }),
    detail: /is SHIPPED, and its stock is not reserved/,
  },
  {
    rule: 'shipped-orders-have-a-parcel',
    what: 'a shipped order whose shipment is not shipped',
    of: 'shipped',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'PROCESSING' } } }),
    detail: /is SHIPPED, its shipment is PROCESSING/,
  },
  {
    rule: 'parcels-have-a-shipped-order',
    what: 'a shipment of a cancelled order',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'SHIPPED' } } }),
    detail: /has a shipped parcel, the order is CANCELLED/,
  },
  {
    rule: 'parcels-have-a-shipped-order',
    what: 'a shipment without an order',
    of: 'no order',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'SHIPPED', created_at: longAgo } } }),
    detail: /has a shipped parcel, the order is missing/,
  },
  {
    rule: 'states-have-their-events',
    what: 'an order in a state without a fact for it',
    of: 'declined',
    plant: (id, { change }) => change(id, { orders: { $set: { status: 'REFUNDED' } } }),
    detail: /is REFUNDED without the facts that lead to this state/,
  },
  {
    rule: 'states-have-their-events',
    what: "an order's fact that was never published",
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, { orders: { $set: { 'facts.payment_processed:REFUNDED': fact('payment_processed', longAgo) } } }),
    detail: /payment_processed:REFUNDED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a charge that was never published',
    of: 'no order',
    plant: unpublished('payments', 'charged', 'payment_processed', 'COMPLETED'),
    detail: /payment_processed:COMPLETED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a compensation that was never published',
    of: 'shipped',
    plant: unpublished('payments', 'compensated', 'payment_processed', 'REFUNDED'),
    detail: /payment_processed:REFUNDED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a rejection that was never published',
    of: 'no order',
    plant: (id, { change }) => {
      const reserved = event('inventory_updated', id, 'REJECTED', longAgo);
      return change(id, { updates: { $set: { kind: 'reservation', lines: [], reserved } } });
    },
    detail: /inventory_updated:REJECTED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a release that was never published',
    of: 'refunded',
    plant: unpublished('updates', 'released', 'inventory_updated', 'RELEASED'),
    detail: /inventory_updated:RELEASED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a shipment that was never published',
    of: 'cancelled',
    plant: unpublished('shipments', 'shipped', 'shipment_processed', 'SHIPPED'),
    detail: /shipment_processed:SHIPPED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: "a shipment's cancellation that was never published",
    of: 'shipped',
    plant: unpublished('shipments', 'cancelled', 'shipment_processed', 'CANCELLED'),
    detail: /shipment_processed:CANCELLED of .* is not in its topic/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an event without an effect in its service',
    of: 'shipped',
    plant: (id, { send }) => send(payment(id, 'REFUNDED')),
    detail: /payment_processed:REFUNDED at payment_processed\/\d+\/\d+ is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an event of an unknown order',
    of: 'no order',
    plant: (id, { send }) => send(payment(id, 'DECLINED')),
    detail: /payment_processed:DECLINED at payment_processed\/\d+\/\d+ is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an order that lacks its own event',
    of: 'shipped',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.order_placed:PENDING': 1 } } }),
    detail: /order_placed:PENDING at .* is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an order that lacks its cancellation',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { orders: { $unset: { [`facts.${cancelling}`]: 1 } } }),
    detail: /order_cancelled:CANCELLING at .* is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-states',
    what: 'a payment that lacks its decline',
    of: 'declined',
    plant: (id, { change }) => change(id, { payments: { $unset: { charged: 1 } } }),
    detail: /payment_processed:DECLINED at .* is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-states',
    what: 'a shipment that lacks its own event',
    of: 'shipped',
    plant: (id, { change }) => change(id, { shipments: { $unset: { shipped: 1 } } }),
    detail: /shipment_processed:SHIPPED at .* is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-states',
    what: 'a shipment that lacks its cancellation',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { shipments: { $unset: { cancelled: 1 } } }),
    detail: /shipment_processed:CANCELLED at .* is not stored by the service that published it/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a payment that its order lacks',
    of: 'shipped',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.payment_processed:COMPLETED': 1 } } }),
    detail: /payment_processed:COMPLETED at .* has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a rejection that its order lacks',
    of: 'refunded',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.inventory_updated:REJECTED': 1 } } }),
    detail: /inventory_updated:REJECTED at .* has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a release that its order lacks',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.inventory_updated:RELEASED': 1 } } }),
    detail: /inventory_updated:RELEASED at inventory_updated\/\d+\/\d+ has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: "a shipment's cancellation that its order lacks",
    of: 'cancelled',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'REFUNDED' }, $unset: { 'facts.shipment_processed:CANCELLED': 1 } },
      }),
    detail: /shipment_processed:CANCELLED at .* has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a cancellation that does not stop the shipment',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'PROCESSING' } } }),
    detail: /order_cancelled:CANCELLING at .* has no effect at shipment-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a cancellation that does not release the stock',
    of: 'cancelled',
    plant: (id, { change }) =>
      change(id, { orders: { $set: { updated_at: soon } }, updates: { $set: { status: 'RESERVED' } } }),
    detail: /shipment_processed:CANCELLED at .* has no effect at inventory-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a cancellation that does not change the payment',
    of: 'cancelled before declined',
    plant: (id, { change }) => change(id, { payments: uncompensated('DECLINED') }),
    detail: /shipment_processed:CANCELLED at .* has no effect at payment-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a payment without a reservation and without a dead letter',
    of: 'dead-lettered',
    plant: (id, { deleteDeadLetter }) => deleteDeadLetter(id),
    detail: /payment_processed:COMPLETED at .* has no effect at inventory-service/,
  },
  {
    rule: 'dead-letters-are-resolved',
    what: 'a pending dead letter',
    of: 'shipped',
    plant: (key, { send }) =>
      send({
        topic: 'payment-service.dlq',
        key,
        value: 'another value',
        headers: { [deadLetterHeaders.topic]: 'order_placed', [deadLetterHeaders.errorKind]: 'not-json' },
      }),
    detail: /is neither redriven nor discarded; npm run dlq -- show payment-service\/0\/\d+/,
  },
];

export const legalStates: readonly Planted[] = [
  {
    what: 'an order whose shipment is not due yet',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'RESERVED' } },
        shipments: { $set: { status: 'PROCESSING', due_at: soon } },
      }),
  },
  {
    what: 'an order whose shipment has just shipped',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'RESERVED' } },
        shipments: { $set: { due_at: soon, 'shipped.data.timestamp': soon.toISOString() } },
      }),
  },
  {
    what: 'an old order that was just cancelled',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'CANCELLING', [`facts.${cancelling}`]: fact('order_cancelled', soon) } },
        shipments: { $set: { status: 'PROCESSING' } },
      }),
  },
  {
    what: "an order's event that is new in the outbox",
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: {
          $set: { [`facts.${cancelling}`]: fact('order_cancelled', longAgo), outbox: outbox(cancelling, soon) },
        },
      }),
  },
  {
    what: "a shipment's event that is new in the outbox",
    of: 'cancelled',
    plant: (id, { change }) =>
      change(id, {
        shipments: {
          $set: { shipped: event('shipment_processed', id, 'SHIPPED', longAgo), outbox: outbox(shipped, soon) },
        },
      }),
  },
  {
    what: 'a payment whose refund the gateway refuses',
    of: 'cancelled before declined',
    plant: (id, { change }) => change(id, { payments: uncompensated('REFUNDING') }),
  },
  {
    what: 'a cancelled order without a reservation, whose dead letter was discarded',
    of: 'dead-lettered',
    plant: async () => undefined,
  },
];

/** The payment keeps the event that it published, whichever of the two it is. */
function uncompensated(status: 'DECLINED' | 'REFUNDING'): object {
  return [{ $set: { status, charged: { $ifNull: ['$charged', '$compensated'] } } }, { $unset: 'compensated' }];
}
