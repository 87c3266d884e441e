/**
 * What every event means in the databases: the document that states the fact, and the effect that each consumer group
 * stores. The tables are the auditor's own, not those of packages/events: it is an independent oracle of the lifecycle.
 */
import { services } from '@order-pipeline/events';
import type { Databases, Payment, Reservation, Stored, StoredOrder, StoredShipment } from '../databases.ts';

export interface Trace {
  readonly of: keyof Databases;
  readonly fields: readonly string[];
  /** Whether the order's document there shows it. */
  readonly isIn: (document: Stored) => boolean;
}

export interface EventMeaning {
  /** What the service that told the event has stored. */
  readonly state: Trace;
  /** By consumer group: what is there once the group has worked the event off. */
  readonly effects: Readonly<Record<string, Trace>>;
}

const [orders, payments, inventory, shipments] = [
  services.order.consumerGroup,
  services.payment.consumerGroup,
  services.inventory.consumerGroup,
  services.shipment.consumerGroup,
];

/** Every function below reads the collection that it is for. */
const reading = (of: keyof Databases, fields: readonly string[], isIn: (document: never) => boolean): Trace => ({
  of,
  fields,
  isIn: isIn as Trace['isIn'],
});
const inOrder = (isIn: (order: StoredOrder) => boolean): Trace => reading('orders', ['facts'], isIn);
const inPayment = (isIn: (payment: Payment) => boolean): Trace =>
  reading('payments', ['status', 'charged.data.status', 'compensated.data.status'], isIn);
const inReservation = (isIn: (reservation: Reservation) => boolean): Trace =>
  reading('updates', ['status', 'reserved.data.status', 'released.data.status'], isIn);
const inShipment = (isIn: (shipment: StoredShipment) => boolean): Trace =>
  reading('shipments', ['status', 'shipped.data.status', 'cancelled.data.status'], isIn);

const knownToOrder = (fact: string): Record<string, Trace> => ({
  [orders]: inOrder(({ facts }) => Object.hasOwn(facts, fact)),
});
const told = (status: string): Trace =>
  inPayment(({ charged, compensated }) => charged?.data.status === status || compensated?.data.status === status);
/** What is neither given back nor refused for good is still to be done. */
const moneyIsBack = {
  [payments]: inPayment(({ status, compensated }) => compensated !== undefined || status === 'REFUNDING'),
};

export const eventTable: Readonly<Record<string, EventMeaning>> = {
  'order_placed:PENDING': {
    state: inOrder(({ facts }) => Object.hasOwn(facts, 'order_placed:PENDING')),
    effects: { [payments]: inPayment(() => true) },
  },
  'order_cancelled:CANCELLING': {
    state: inOrder(({ facts }) => Object.hasOwn(facts, 'order_cancelled:CANCELLING')),
    effects: { [shipments]: inShipment(({ status }) => status !== 'PROCESSING') },
  },
  'payment_processed:COMPLETED': {
    state: told('COMPLETED'),
    effects: {
      ...knownToOrder('payment_processed:COMPLETED'),
      [inventory]: inReservation(({ reserved }) => reserved !== undefined),
    },
  },
  'payment_processed:DECLINED': { state: told('DECLINED'), effects: knownToOrder('payment_processed:DECLINED') },
  'payment_processed:REFUNDED': { state: told('REFUNDED'), effects: knownToOrder('payment_processed:REFUNDED') },
  'inventory_updated:RESERVED': {
    state: inReservation(({ reserved }) => reserved?.data.status === 'RESERVED'),
    effects: { ...knownToOrder('inventory_updated:RESERVED'), [shipments]: inShipment(() => true) },
  },
  'inventory_updated:REJECTED': {
    state: inReservation(({ reserved }) => reserved?.data.status === 'REJECTED'),
    effects: { ...knownToOrder('inventory_updated:REJECTED'), ...moneyIsBack },
  },
  'inventory_updated:RELEASED': {
    state: inReservation(({ released }) => released !== undefined),
    effects: knownToOrder('inventory_updated:RELEASED'),
  },
  'shipment_processed:SHIPPED': {
    state: inShipment(({ shipped }) => shipped !== undefined),
    effects: knownToOrder('shipment_processed:SHIPPED'),
  },
  'shipment_processed:CANCELLED': {
    state: inShipment(({ cancelled }) => cancelled !== undefined),
    effects: {
      ...knownToOrder('shipment_processed:CANCELLED'),
      ...moneyIsBack,
      [inventory]: inReservation(({ status }) => status !== 'RESERVED'),
    },
  },
};

type Facts = readonly string[];

/** The facts without which an order is not in its state; one of the lists has to be there whole. */
export const evidence: Readonly<Record<StoredOrder['status'], readonly Facts[]>> = {
  PENDING: [['order_placed:PENDING']],
  PAID: [['payment_processed:COMPLETED']],
  PAYMENT_DECLINED: [['payment_processed:DECLINED']],
  RESERVED: [['inventory_updated:RESERVED']],
  REFUNDING: [['inventory_updated:REJECTED']],
  REFUNDED: [['payment_processed:REFUNDED']],
  CANCELLING: [['order_cancelled:CANCELLING'], ['shipment_processed:CANCELLED']],
  CANCELLED: [
    ['shipment_processed:CANCELLED', 'payment_processed:DECLINED'],
    ['shipment_processed:CANCELLED', 'payment_processed:REFUNDED'],
  ],
  SHIPPED: [['shipment_processed:SHIPPED']],
};
