/** What the order-note service knows of an order, how an event changes it, and which event follows. */
import { factOf, type EventOf, type PipelineEvent } from '@order-pipeline/events';
import type { Decision, Versioned } from '@order-pipeline/mongo';

export interface OrderNote extends Versioned {
  /** The facts about the order that are known, as `<type>:<status>`, in the order of their arrival. */
  readonly facts: readonly string[];
  /** The event that the first of them caused; a redelivery of that one publishes it again, byte for byte. */
  readonly outcome: EventOf<'order_cancelled'>;
  readonly created_at: Date;
}

const outcomeOf = ({ data, traceparent }: PipelineEvent, now: Date): EventOf<'order_cancelled'> => ({
  type: 'order_cancelled',
  data: { order_id: data.order_id, status: 'CANCELLING', timestamp: now.toISOString() },
  ...(traceparent !== undefined && { traceparent }),
});

export function decide(orderNote: OrderNote | undefined, event: PipelineEvent, now: Date): Decision<OrderNote> {
  const fact = factOf(event);
  if (orderNote === undefined) {
    const outcome = outcomeOf(event, now);
    const document = { _id: event.data.order_id, version: 0, facts: [fact], outcome, created_at: now };
    return { outcome: 'accepted', document, events: [outcome] };
  }
  if (orderNote.facts.includes(fact)) {
    return { outcome: 'repeated', events: fact === orderNote.facts[0] ? [orderNote.outcome] : [] };
  }
  return { outcome: 'accepted', document: { ...orderNote, facts: [...orderNote.facts, fact] }, events: [] };
}
