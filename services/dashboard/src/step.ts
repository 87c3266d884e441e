/** A step: an event as the dashboard stores it, with its number in the one sequence that every feed follows. */
import { eventId, parseTime, type EventType, type PipelineEvent } from '@order-pipeline/events';
import type { ReceivedEvent } from '@order-pipeline/events';
import type { FeedStep } from './views.ts';

export interface NewStep {
  /** The event's `ce_id`: an event that is delivered again is the same step. */
  readonly _id: string;
  readonly order_id: string;
  readonly type: EventType;
  readonly partition: number;
  readonly offset: number;
  /** When the fact became true. */
  readonly time: Date;
  /** When the dashboard consumed the event. */
  readonly seen_at: Date;
  readonly data: PipelineEvent['data'];
  readonly traceparent?: string;
}

export interface Step extends NewStep {
  /** From 1, without gaps; once a step is visible, so are all with a lower number. */
  readonly seq: number;
}

export const stepOf = ({ event, partition, offset }: ReceivedEvent, now: Date): NewStep => ({
  _id: eventId(event),
  order_id: event.data.order_id,
  type: event.type,
  partition,
  offset: Number(offset),
  time: parseTime(event.data.timestamp),
  seen_at: now,
  data: event.data,
  ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
});

/** Only what a card shows: thousands of these are sent each second. */
export function feedStep({ seq, order_id, type, time, data }: Step): FeedStep {
  return {
    seq,
    order_id,
    type,
    status: data.status,
    time: time.getTime(),
    ...('customer_id' in data && type === 'order_placed'
      ? {
          customer_id: data.customer_id,
          shipping_address: data.shipping_address,
          pieces: data.items.reduce((sum, { quantity }) => sum + quantity, 0),
        }
      : {}),
    ...('total_minor' in data ? { total_minor: data.total_minor } : {}),
    ...('reason' in data ? { reason: data.reason } : {}),
    ...('product_id' in data && data.product_id !== undefined ? { product_id: data.product_id } : {}),
  };
}
