/** What the auditor is shown: faults, each with the rule that has to say so, and what looks like one and is none. */
import type { Message } from 'kafkajs';
import { deadLetterHeaders } from '@order-pipeline/kafka';
import { encodeEvent, type EventOf } from '@order-pipeline/events';
import type { Databases } from '../../tools/src/databases.ts';

/** How an order came to its end; dead-lettered at the inventory, it was cancelled. */
export type Kind = 'shipped' | 'declined' | 'refunded' | 'cancelled' | 'cancelled before declined' | 'dead-lettered';

export interface Planting {
  /** Changes or makes the documents under this key, and removes them where there is null instead of a change. */
  change(_id: string, changes: Partial<Record<keyof Databases, object | null>>): Promise<void>;
  send(message: Message & { readonly topic: string }): Promise<void>;
  /** As if the order's step had never been dead-lettered. */
  loseLetter(orderId: string): Promise<void>;
}

export interface Planted {
  readonly what: string;
  /** The kind of the order that it is planted in, nobody's where none was placed, or the product. */
  readonly of: Kind | 'nobody' | Uppercase<string>;
  plant(id: string, planting: Planting): Promise<void>;
}

export interface Fault extends Planted {
  readonly rule: string;
  /** What the rule says of it. */
  readonly says: RegExp;
}

export const longAgo = new Date(Date.now() - 3_600_000);
/** Never older than a bound. */
const soon = new Date(Date.now() + 3_600_000);

const cancelling = 'order_cancelled:CANCELLING';
const shipped = 'shipment_processed:SHIPPED';
const waiting = (fact: string, at: Date) => [{ fact, at, event: {} }];
const fact = (topic: string, at: Date) => ({ topic, time: at.toISOString() });
const told = (type: string, order_id: string, status: string, at: Date) => ({
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

/** The document holds an event of long ago, which nobody was told. */
const holds =
  (where: keyof Databases, field: string, type: string, status: string): Planted['plant'] =>
  (id, { change }) =>
    change(id, { [where]: { $set: { [field]: told(type, id, status, longAgo) } } });

export const faults: readonly Fault[] = [
  {
    rule: 'orders-come-to-an-end',
    what: 'an order that nobody goes on with',
    of: 'declined',
    plant: (id, { change }) => change(id, { orders: { $set: { status: 'PENDING' } } }),
    says: /is PENDING since .*; npm run order -- why/,
  },
  {
    rule: 'orders-come-to-an-end',
    what: 'a cancellation that nobody goes on with, with a parcel that is not due yet',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: {
          $set: {
            status: 'CANCELLING',
            [`facts.${cancelling}`]: fact('order_cancelled', longAgo),
            outbox: waiting(cancelling, soon),
          },
        },
        shipments: { $set: { status: 'PROCESSING', due_at: soon } },
      }),
    says: /is CANCELLING since/,
  },
  {
    rule: 'orders-come-to-an-end',
    what: 'an order that does not know of its parcel',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'PAID' } },
        shipments: { $set: { status: 'PROCESSING', due_at: soon } },
      }),
    says: /is PAID since/,
  },
  {
    rule: 'orders-come-to-an-end',
    what: 'a parcel that is overdue',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'RESERVED' } },
        shipments: { $set: { status: 'PROCESSING', due_at: longAgo } },
      }),
    says: /is RESERVED since/,
  },
  {
    rule: 'outbox-is-relayed',
    what: "an order's event that is not published",
    of: 'shipped',
    plant: (id, { change }) => change(id, { orders: { $set: { outbox: waiting('order_placed:PENDING', longAgo) } } }),
    says: /order_placed:PENDING is not published since/,
  },
  {
    rule: 'outbox-is-relayed',
    what: "a shipment's event that is not published",
    of: 'shipped',
    plant: (id, { change }) => change(id, { shipments: { $set: { outbox: waiting(shipped, longAgo) } } }),
    says: /shipment_processed:SHIPPED is not published since/,
  },
  {
    rule: 'charged-once',
    what: 'a second charge',
    of: 'shipped',
    plant: (id, { change }) => change(`${id}:charge:again`, { ledger: charge(id, 24_68) }),
    says: /24\.68 were captured under the key .*:charge:again/,
  },
  {
    rule: 'refunds-within-charges',
    what: 'a refund of more than the charge',
    of: 'refunded',
    plant: (id, { change }) => change(`${id}:refund`, { ledger: { $inc: { amount_minor: 1 } } }),
    says: /1\.01 were refunded under the key .*:refund, 1\.00 were captured/,
  },
  {
    rule: 'refunds-within-charges',
    what: 'a second refund',
    of: 'refunded',
    plant: (id, { change }) => change(`${id}:refund:again`, { ledger: refund(id, 1_00) }),
    says: /1\.00 were refunded under the key .*:refund:again, 1\.00 were captured/,
  },
  {
    rule: 'refunds-within-charges',
    what: 'a refund without a charge',
    of: 'declined',
    plant: (id, { change }) => change(`${id}:refund`, { ledger: refund(id, 5_00) }),
    says: /5\.00 were refunded under the key .*:refund, 0\.00 were captured/,
  },
  {
    rule: 'money-balances',
    what: 'money kept of an order that was refunded',
    of: 'refunded',
    plant: (id, { change }) => change(`${id}:refund`, { ledger: null }),
    says: /is REFUNDED over 1\.00, captured 1\.00, refunded 0\.00/,
  },
  {
    rule: 'money-balances',
    what: 'less captured than what was shipped costs',
    of: 'shipped',
    plant: (id, { change }) => change(`${id}:charge`, { ledger: { $inc: { amount_minor: -1 } } }),
    says: /is SHIPPED over 24\.68, captured 24\.67, refunded 0\.00/,
  },
  {
    rule: 'money-balances',
    what: 'a charge for an order that is unknown',
    of: 'nobody',
    plant: (id, { change }) => change(`${id}:charge`, { ledger: charge(id, 1_00) }),
    says: /1\.00 were captured for an order that is unknown/,
  },
  {
    rule: 'stock-balances',
    what: 'a piece too many',
    of: 'P003',
    plant: (id, { change }) => change(id, { inventory: { $inc: { quantity: 1 } } }),
    says: /76 on hand, 75 by the books/,
  },
  {
    rule: 'stock-balances',
    what: 'a product that is in the books alone',
    of: 'GONE',
    plant: (id, { change }) => change(`set:${id}`, { updates: { $set: { kind: 'set', product_id: id, delta: 3 } } }),
    says: /nothing on hand, 3 by the books/,
  },
  {
    rule: 'stock-balances',
    what: 'a product that is not in the books',
    of: 'FOUND',
    plant: (id, { change }) => change(id, { inventory: { $set: { quantity: 5 } } }),
    says: /5 on hand, 0 by the books/,
  },
  {
    rule: 'stock-not-negative',
    what: 'more sold than was there',
    of: 'OVERSOLD',
    async plant(id, { change }) {
      await change(`set:${id}`, { updates: { $set: { kind: 'set', product_id: id, delta: -5 } } });
      await change(id, { inventory: { $set: { quantity: -5 } } });
    },
    says: /-5 on hand/,
  },
  {
    rule: 'stock-is-held-for-orders',
    what: 'stock kept back for an order that was refunded',
    of: 'refunded',
    plant: (id, { change }) => change(id, { updates: { $set: { status: 'RESERVED' } } }),
    says: /is REFUNDED, and its stock is reserved/,
  },
  {
    rule: 'stock-is-held-for-orders',
    what: 'a parcel without stock',
    of: 'shipped',
    plant: (id, { change }) => change(id, { updates: { $set: { status: 'RELEASED' } } }),
    says: /is SHIPPED, and its stock is not reserved/,
  },
  {
    rule: 'shipped-orders-have-a-parcel',
    what: 'a parcel that has not gone',
    of: 'shipped',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'PROCESSING' } } }),
    says: /is SHIPPED, its shipment is PROCESSING/,
  },
  {
    rule: 'parcels-have-a-shipped-order',
    what: 'a parcel for an order that was cancelled',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'SHIPPED' } } }),
    says: /has a parcel that has gone, the order is CANCELLED/,
  },
  {
    rule: 'parcels-have-a-shipped-order',
    what: 'a parcel for nobody',
    of: 'nobody',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'SHIPPED', created_at: longAgo } } }),
    says: /has a parcel that has gone, the order is not there/,
  },
  {
    rule: 'states-have-their-events',
    what: 'an order in a state that no fact of it stands for',
    of: 'declined',
    plant: (id, { change }) => change(id, { orders: { $set: { status: 'REFUNDED' } } }),
    says: /is REFUNDED without a fact that says so/,
  },
  {
    rule: 'states-have-their-events',
    what: "an order's fact that was never told",
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, { orders: { $set: { 'facts.payment_processed:REFUNDED': fact('payment_processed', longAgo) } } }),
    says: /payment_processed:REFUNDED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a charge that was never told',
    of: 'nobody',
    plant: holds('payments', 'charged', 'payment_processed', 'COMPLETED'),
    says: /payment_processed:COMPLETED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a compensation that was never told',
    of: 'shipped',
    plant: holds('payments', 'compensated', 'payment_processed', 'REFUNDED'),
    says: /payment_processed:REFUNDED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a rejection that was never told',
    of: 'nobody',
    plant: (id, { change }) => {
      const reserved = told('inventory_updated', id, 'REJECTED', longAgo);
      return change(id, { updates: { $set: { kind: 'reservation', lines: [], reserved } } });
    },
    says: /inventory_updated:REJECTED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a release that was never told',
    of: 'refunded',
    plant: holds('updates', 'released', 'inventory_updated', 'RELEASED'),
    says: /inventory_updated:RELEASED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: 'a parcel that was never told of',
    of: 'cancelled',
    plant: holds('shipments', 'shipped', 'shipment_processed', 'SHIPPED'),
    says: /shipment_processed:SHIPPED of .* is not in its topic/,
  },
  {
    rule: 'states-have-their-events',
    what: "a shipment's cancellation that was never told",
    of: 'shipped',
    plant: holds('shipments', 'cancelled', 'shipment_processed', 'CANCELLED'),
    says: /shipment_processed:CANCELLED of .* is not in its topic/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an event of something that did not happen',
    of: 'shipped',
    plant: (id, { send }) => send(payment(id, 'REFUNDED')),
    says: /payment_processed:REFUNDED at payment_processed\/\d+\/\d+ tells what its service does not know/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an event of an order that is unknown',
    of: 'nobody',
    plant: (id, { send }) => send(payment(id, 'DECLINED')),
    says: /payment_processed:DECLINED at payment_processed\/\d+\/\d+ tells what its service does not know/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an order that forgot that it was placed',
    of: 'shipped',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.order_placed:PENDING': 1 } } }),
    says: /order_placed:PENDING at .* tells what its service does not know/,
  },
  {
    rule: 'events-have-their-states',
    what: 'an order that forgot that it was cancelled',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { orders: { $unset: { [`facts.${cancelling}`]: 1 } } }),
    says: /order_cancelled:CANCELLING at .* tells what its service does not know/,
  },
  {
    rule: 'events-have-their-states',
    what: 'a payment that forgot that it was declined',
    of: 'declined',
    plant: (id, { change }) => change(id, { payments: { $unset: { charged: 1 } } }),
    says: /payment_processed:DECLINED at .* tells what its service does not know/,
  },
  {
    rule: 'events-have-their-states',
    what: 'a shipment that forgot that its parcel went',
    of: 'shipped',
    plant: (id, { change }) => change(id, { shipments: { $unset: { shipped: 1 } } }),
    says: /shipment_processed:SHIPPED at .* tells what its service does not know/,
  },
  {
    rule: 'events-have-their-states',
    what: 'a shipment that forgot its cancellation',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { shipments: { $unset: { cancelled: 1 } } }),
    says: /shipment_processed:CANCELLED at .* tells what its service does not know/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a payment that its order does not know',
    of: 'shipped',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.payment_processed:COMPLETED': 1 } } }),
    says: /payment_processed:COMPLETED at .* has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a rejection that its order does not know',
    of: 'refunded',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.inventory_updated:REJECTED': 1 } } }),
    says: /inventory_updated:REJECTED at .* has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a release that its order does not know',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { orders: { $unset: { 'facts.inventory_updated:RELEASED': 1 } } }),
    says: /inventory_updated:RELEASED at inventory_updated\/\d+\/\d+ has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: "a shipment's cancellation that its order does not know",
    of: 'cancelled',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'REFUNDED' }, $unset: { 'facts.shipment_processed:CANCELLED': 1 } },
      }),
    says: /shipment_processed:CANCELLED at .* has no effect at order-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a cancellation that does not stop the parcel',
    of: 'cancelled',
    plant: (id, { change }) => change(id, { shipments: { $set: { status: 'PROCESSING' } } }),
    says: /order_cancelled:CANCELLING at .* has no effect at shipment-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a cancellation that leaves the stock reserved',
    of: 'cancelled',
    plant: (id, { change }) =>
      change(id, { orders: { $set: { updated_at: soon } }, updates: { $set: { status: 'RESERVED' } } }),
    says: /shipment_processed:CANCELLED at .* has no effect at inventory-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a cancellation that leaves the payment as it was',
    of: 'cancelled before declined',
    plant: (id, { change }) => change(id, { payments: uncompensated('DECLINED') }),
    says: /shipment_processed:CANCELLED at .* has no effect at payment-service/,
  },
  {
    rule: 'events-have-their-effects',
    what: 'a payment that reserved nothing, and no dead letter that says why',
    of: 'dead-lettered',
    plant: (id, { loseLetter }) => loseLetter(id),
    says: /payment_processed:COMPLETED at .* has no effect at inventory-service/,
  },
  {
    rule: 'dead-letters-are-resolved',
    what: 'a dead letter that waits',
    of: 'shipped',
    plant: (key, { send }) =>
      send({
        topic: 'payment-service.dlq',
        key,
        value: 'not what it was',
        headers: { [deadLetterHeaders.topic]: 'order_placed', [deadLetterHeaders.errorKind]: 'not-json' },
      }),
    says: /waits for a decision; npm run dlq -- show payment-service\/0\/\d+/,
  },
];

export const noFaults: readonly Planted[] = [
  {
    what: 'an order whose parcel is not due yet',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'RESERVED' } },
        shipments: { $set: { status: 'PROCESSING', due_at: soon } },
      }),
  },
  {
    what: 'an order whose parcel has just gone',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'RESERVED' } },
        shipments: { $set: { due_at: soon, 'shipped.data.timestamp': soon.toISOString() } },
      }),
  },
  {
    what: 'an old order that was cancelled just now',
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: { $set: { status: 'CANCELLING', [`facts.${cancelling}`]: fact('order_cancelled', soon) } },
        shipments: { $set: { status: 'PROCESSING' } },
      }),
  },
  {
    what: "an order's event that has just come into the outbox",
    of: 'shipped',
    plant: (id, { change }) =>
      change(id, {
        orders: {
          $set: { [`facts.${cancelling}`]: fact('order_cancelled', longAgo), outbox: waiting(cancelling, soon) },
        },
      }),
  },
  {
    what: "a shipment's event that has just come into the outbox",
    of: 'cancelled',
    plant: (id, { change }) =>
      change(id, {
        shipments: {
          $set: { shipped: told('shipment_processed', id, 'SHIPPED', longAgo), outbox: waiting(shipped, soon) },
        },
      }),
  },
  {
    what: 'a payment that the gateway refuses to give back',
    of: 'cancelled before declined',
    plant: (id, { change }) => change(id, { payments: uncompensated('REFUNDING') }),
  },
  {
    what: 'a payment that was dead-lettered and reserved nothing, its order cancelled and the letter discarded',
    of: 'dead-lettered',
    plant: async () => undefined,
  },
];

/** What it told stays so, whichever of the two came first. */
function uncompensated(status: 'DECLINED' | 'REFUNDING'): object {
  return [{ $set: { status, charged: { $ifNull: ['$charged', '$compensated'] } } }, { $unset: 'compensated' }];
}
