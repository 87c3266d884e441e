/**
 * A shipment: the single point of no return. An order can be cancelled until its parcel has left, and only this service
 * decides which came first.
 */
import { plusMs, type EventOf, type PipelineEvent } from '@order-pipeline/events';
import { type Decision, type Versioned } from '@order-pipeline/mongo';
import { outboxEntry, type OutboxEntry } from '@order-pipeline/outbox';

export type ShipmentEvent = EventOf<'shipment_processed'>;

export interface Shipment extends Versioned {
  readonly status: 'PROCESSING' | 'SHIPPED' | 'CANCELLED';
  /** Absent when the order was cancelled before there was anything to ship. */
  readonly parcel?: Parcel;
  readonly created_at: Date;
  /** When a parcel in PROCESSING leaves. */
  readonly due_at: Date;
  readonly traceparent?: string;
  readonly shipped?: ShipmentEvent;
  readonly cancelled?: ShipmentEvent;
  readonly outbox?: readonly OutboxEntry[];
}

interface Parcel {
  readonly shipment_id: string;
  readonly tracking_number: string;
  readonly shipping_address: string;
  readonly estimated_delivery: Date;
}

/** The inputs of a decision that a pure function cannot create itself. */
export interface Circumstances {
  readonly now: Date;
  readonly shipmentId: string;
  /** Eight hexadecimal digits, upper case. */
  readonly trackingDigits: string;
  readonly processingMs: number;
}

const deliveryMs = 3 * 24 * 60 * 60 * 1_000;

const ignored = (why: string): Decision<Shipment> => ({ outcome: 'ignored', why });
const repeated = (event: ShipmentEvent | undefined): Decision<Shipment> => ({
  outcome: 'repeated',
  events: event ? [event] : [],
});
const traced = (traceparent: string | undefined) => (traceparent === undefined ? {} : { traceparent });

export function decide(
  shipment: Shipment | undefined,
  event: PipelineEvent,
  circumstances: Circumstances,
): Decision<Shipment> {
  if (event.type === 'inventory_updated') {
    const { data } = event;
    if (data.status !== 'RESERVED') return ignored(`inventory_updated ${data.status} ships nothing`);
    // When the cancellation came first, the reservation has the outcome of the cancellation.
    if (shipment) return repeated(shipment.status === 'CANCELLED' ? shipment.cancelled : shipment.shipped);
    return prepareParcel(data.order_id, data.shipping_address, event.traceparent, circumstances);
  }
  if (event.type === 'order_cancelled') return cancel(shipment, event, circumstances.now);
  return ignored(`${event.type} concerns no shipment`);
}

function prepareParcel(
  orderId: string,
  shipping_address: string,
  traceparent: string | undefined,
  { now, shipmentId, trackingDigits, processingMs }: Circumstances,
): Decision<Shipment> {
  const processing: Shipment = {
    _id: orderId,
    version: 0,
    status: 'PROCESSING',
    parcel: {
      shipment_id: shipmentId,
      tracking_number: `TRK-${trackingDigits}`,
      shipping_address,
      estimated_delivery: plusMs(now, deliveryMs),
    },
    created_at: now,
    due_at: plusMs(now, processingMs),
    ...traced(traceparent),
  };
  if (processingMs > 0) return { outcome: 'accepted', document: processing, events: [] };
  const { shipment, event } = ship(processing, now);
  return { outcome: 'accepted', document: shipment, events: [event] };
}

function cancel(shipment: Shipment | undefined, event: EventOf<'order_cancelled'>, now: Date): Decision<Shipment> {
  // Too late. SHIPPED is published again, because the earlier record may not have reached the order service.
  if (shipment?.status === 'SHIPPED') return repeated(shipment.shipped);
  if (shipment?.cancelled) return repeated(shipment.cancelled);
  const { order_id } = event.data;
  const cancelled: ShipmentEvent = {
    type: 'shipment_processed',
    data: { order_id, status: 'CANCELLED', timestamp: now.toISOString() },
    ...traced(event.traceparent),
  };
  const known: Shipment = shipment ?? { _id: order_id, version: 0, status: 'CANCELLED', created_at: now, due_at: now };
  return { outcome: 'accepted', document: { ...known, status: 'CANCELLED', cancelled }, events: [cancelled] };
}

/** The parcel leaves. */
export function ship(shipment: Shipment, now: Date): { readonly shipment: Shipment; readonly event: ShipmentEvent } {
  const { _id: order_id, parcel, traceparent } = shipment;
  if (!parcel) throw new Error(`the order ${order_id} has no parcel`);
  const event: ShipmentEvent = {
    type: 'shipment_processed',
    data: {
      order_id,
      status: 'SHIPPED',
      timestamp: now.toISOString(),
      shipment_id: parcel.shipment_id,
      tracking_number: parcel.tracking_number,
      estimated_delivery: parcel.estimated_delivery.toISOString(),
    },
    ...traced(traceparent),
  };
  return { shipment: { ...shipment, status: 'SHIPPED', shipped: event }, event };
}

/** As `ship`, with the event in the outbox: no redelivered record would publish it again. */
export function shipFromTimer(
  due: Shipment,
  now: Date,
): { readonly shipment: Shipment; readonly event: ShipmentEvent } {
  const { shipment, event } = ship(due, now);
  return { shipment: { ...shipment, outbox: [outboxEntry(event, now)] }, event };
}
