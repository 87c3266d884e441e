/**
 * What every event means in the databases: the document that stores the fact, and the effect that each consumer group
 * stores. The tables are the auditor's own, not those of packages/events: it is an independent oracle of the lifecycle.
 */
import { services } from '@order-pipeline/events';
import type { Databases, Stored } from '../databases.ts';
import type { Order, Payment, Reservation, Shipment } from '../documents.ts';

/** What the order's document in one collection must show. */
export interface Expectation {
  readonly collection: keyof Databases;
  readonly fields: readonly string[];
  readonly isMet: (document: Stored) => boolean;
}

export interface EventExpectations {
  /** What the service that published the event has stored. */
  readonly state: Expectation;
  /** By consumer group: what is stored once the group has processed the event. */
  readonly effects: Readonly<Record<string, Expectation>>;
}

const [orders, payments, inventory, shipments] = [
  services.order.consumerGroup,
  services.payment.consumerGroup,
  services.inventory.consumerGroup,
  services.shipment.consumerGroup,
];

/** Each function below reads documents of its own collection. */
const expect = (
  collection: keyof Databases,
  fields: readonly string[],
  isMet: (document: never) => boolean,
): Expectation => ({ collection, fields, isMet: isMet as Expectation['isMet'] });
const inOrder = (isMet: (order: Order) => boolean): Expectation => expect('orders', ['facts'], isMet);
const inPayment = (isMet: (payment: Payment) => boolean): Expectation =>
  expect('payments', ['status', 'charged.data.status', 'compensated.data.status'], isMet);
const inReservation = (isMet: (reservation: Reservation) => boolean): Expectation =>
  expect('updates', ['status', 'reserved.data.status', 'released.data.status'], isMet);
const inShipment = (isMet: (shipment: Shipment) => boolean): Expectation =>
  expect('shipments', ['status', 'shipped.data.status', 'cancelled.data.status'], isMet);

const knownToOrder = (fact: string): Record<string, Expectation> => ({
  [orders]: inOrder(({ facts }) => Object.hasOwn(facts, fact)),
});
const storedOutcome = (status: string): Expectation =>
  inPayment(({ charged, compensated }) => charged?.data.status === status || compensated?.data.status === status);
/** REFUNDING: the gateway refused the refund permanently. */
const compensated = {
  [payments]: inPayment(({ status, compensated }) => compensated !== undefined || status === 'REFUNDING'),
};

export const eventExpectations: Readonly<Record<string, EventExpectations>> = {
  'order_placed:PENDING': {
    state: inOrder(({ facts }) => Object.hasOwn(facts, 'order_placed:PENDING')),
    effects: { [payments]: inPayment(() => true) },
  },
  'order_cancelled:CANCELLING': {
    state: inOrder(({ facts }) => Object.hasOwn(facts, 'order_cancelled:CANCELLING')),
    effects: { [shipments]: inShipment(({ status }) => status !== 'PROCESSING') },
  },
  'payment_processed:COMPLETED': {
    state: storedOutcome('COMPLETED'),
    effects: {
      ...knownToOrder('payment_processed:COMPLETED'),
      [inventory]: inReservation(({ reserved }) => reserved !== undefined),
    },
  },
  'payment_processed:DECLINED': {
    state: storedOutcome('DECLINED'),
    effects: knownToOrder('payment_processed:DECLINED'),
  },
  'payment_processed:REFUNDED': {
    state: storedOutcome('REFUNDED'),
    effects: knownToOrder('payment_processed:REFUNDED'),
  },
  'inventory_updated:RESERVED': {
    state: inReservation(({ reserved }) => reserved?.data.status === 'RESERVED'),
    effects: { ...knownToOrder('inventory_updated:RESERVED'), [shipments]: inShipment(() => true) },
  },
  'inventory_updated:REJECTED': {
    state: inReservation(({ reserved }) => reserved?.data.status === 'REJECTED'),
    effects: { ...knownToOrder('inventory_updated:REJECTED'), ...compensated },
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
      ...compensated,
      [inventory]: inReservation(({ status }) => status !== 'RESERVED'),
    },
  },
};

type Facts = readonly string[];

/** The facts that lead to a state: an order in that state has all facts of at least one of the lists. */
export const factsOfState: Readonly<Record<Order['status'], readonly Facts[]>> = {
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
