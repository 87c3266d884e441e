/**
 * The services' documents as far as the tools read them. They are declared here, because no tool imports a service: the
 * auditor is independent of what it checks. tests/tools/document-types.ts fails to compile when a document changes so
 * that it no longer has these fields.
 */
import type { OrderState } from '@order-pipeline/events/order-lifecycle';

interface StoredEvent {
  readonly type: string;
  readonly data: { readonly order_id: string; readonly status: string; readonly timestamp: string };
}

interface Outbox {
  /** Events that are stored and not published yet. */
  readonly outbox?: readonly { readonly fact: string; readonly at: Date }[];
}

/** When a fact became true, and where its event is, as far as the order service knows that. */
interface FactRecord {
  readonly time: string;
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: string;
  readonly reason?: string;
}

/** `order_db.orders` */
export interface Order extends Outbox {
  readonly _id: string;
  readonly status: OrderState;
  readonly customer_id: string;
  readonly total_minor: number;
  readonly currency: string;
  readonly reason?: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** By `<type>:<status>`. */
  readonly facts: Readonly<Record<string, FactRecord>>;
  /** Where the order's own events are, by fact. */
  readonly published?: Readonly<Record<string, { readonly partition: number; readonly offset: string }>>;
}

/** `payment_db.payments` */
export interface Payment {
  readonly _id: string;
  /** REFUNDING: the gateway refused the refund permanently. */
  readonly status: 'COMPLETED' | 'DECLINED' | 'REFUNDING' | 'REFUNDED';
  readonly reason?: string;
  /** The outcome of order_placed. */
  readonly charged?: StoredEvent;
  /** The outcome of a rejected reservation or of a cancellation. */
  readonly compensated?: StoredEvent;
}

/** `gateway_db.ledger` */
export type LedgerEntry = Charge | Refund;

export interface Charge {
  readonly _id: string;
  readonly order_id: string;
  readonly kind: 'charge';
  readonly outcome: 'captured' | 'declined' | 'voided';
  readonly amount_minor: number;
}

interface Refund {
  readonly _id: string;
  readonly order_id: string;
  readonly kind: 'refund';
  readonly amount_minor: number;
}

/** `inventory_db.updates`, of kind `reservation` */
export interface Reservation {
  readonly _id: string;
  readonly status: 'RESERVED' | 'REJECTED' | 'RELEASED' | 'CANCELLED';
  /** The outcome of a payment. */
  readonly reserved?: StoredEvent;
  /** The outcome of a cancellation. */
  readonly released?: StoredEvent;
}

/** `shipment_db.shipments` */
export interface Shipment extends Outbox {
  readonly _id: string;
  readonly status: 'PROCESSING' | 'SHIPPED' | 'CANCELLED';
  readonly parcel?: { readonly tracking_number: string };
  readonly created_at: Date;
  /** When a parcel in PROCESSING is shipped. */
  readonly due_at: Date;
  readonly shipped?: StoredEvent;
  readonly cancelled?: StoredEvent;
}
