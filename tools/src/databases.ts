/**
 * Where the services keep what, as someone reads it who is none of them. The shapes are the services' own types, which
 * vanish at run time: a tool runs without any service's code, and does not compile when a document changes under it.
 */
import type { Collection, Document, MongoClient } from 'mongodb';
import { services } from '@order-pipeline/events';
import type { WithOutbox } from '@order-pipeline/outbox';
import type { Product, Reservation } from '../../services/inventory/src/reservation.ts';
import type { StockSet } from '../../services/inventory/src/inventory-repository.ts';
import type { Order } from '../../services/order/src/order.ts';
import type { ChargeRow, RefundRow } from '../../services/payment/src/gateway-ledger.ts';
import type { Payment } from '../../services/payment/src/payment.ts';
import type { Shipment } from '../../services/shipment/src/shipment.ts';

export type { ChargeRow, Payment, Product, RefundRow, Reservation, StockSet };
export type StoredOrder = Order & WithOutbox;
export type StoredShipment = Shipment & WithOutbox;

export interface Stored extends Document {
  readonly _id: string;
}
export type Documents = Collection<Stored>;

export interface Databases {
  readonly orders: Documents;
  readonly payments: Documents;
  /** The payment gateway's book. */
  readonly ledger: Documents;
  /** What is on hand of each product. */
  readonly inventory: Documents;
  /** Reservations, and what was set. */
  readonly updates: Documents;
  readonly shipments: Documents;
}

export function openDatabases(client: MongoClient): Databases {
  const open = (database: string, name: string): Documents => client.db(database).collection<Stored>(name);
  return {
    orders: open(services.order.database, 'orders'),
    payments: open(services.payment.database, 'payments'),
    ledger: open('gateway_db', 'ledger'),
    inventory: open(services.inventory.database, 'inventory'),
    updates: open(services.inventory.database, 'updates'),
    shipments: open(services.shipment.database, 'shipments'),
  };
}
