/** What the order-note service knows of an order, and how an event changes it. */
import { factOf, type PipelineEvent } from '@order-pipeline/events';
import type { Decision, Versioned } from '@order-pipeline/mongo';

export interface OrderNote extends Versioned {
  /** The facts about the order that are known, as `<type>:<status>`, in the order of their arrival. */
  readonly facts: readonly string[];
  readonly created_at: Date;
}

export function decide(orderNote: OrderNote | undefined, event: PipelineEvent, now: Date): Decision<OrderNote> {
  const fact = factOf(event);
  if (orderNote?.facts.includes(fact)) return { outcome: 'repeated', events: [] };
  const known = orderNote ?? { _id: event.data.order_id, version: 0, facts: [], created_at: now };
  return { outcome: 'accepted', document: { ...known, facts: [...known.facts, fact] }, events: [] };
}
