/** The steps of an order, in the order in which they became true. Pure. */
import { inTimelineOrder } from '@order-pipeline/events/order-lifecycle';
import { table } from '../command-line.ts';
import type { Order } from '../documents.ts';
import { duration } from '../duration.ts';

export interface Step {
  readonly time: string;
  readonly topic: string;
  readonly status: string;
  readonly partition: number | null;
  readonly offset: string | null;
  readonly published: boolean;
  readonly reason: string | null;
}

export function timelineOf({ facts, published, outbox }: Pick<Order, 'facts' | 'published' | 'outbox'>): Step[] {
  const unpublished = new Set(outbox?.map(({ fact }) => fact));
  const entries = inTimelineOrder(Object.entries(facts), ([fact, { time }]) => ({ fact, timeMs: Date.parse(time) }));
  return entries.map(([fact, record]) => {
    const { time, topic, partition, offset, reason } = { ...record, ...published?.[fact] };
    return {
      time,
      topic,
      status: fact.slice(fact.indexOf(':') + 1),
      partition: partition ?? null,
      offset: offset ?? null,
      published: !unpublished.has(fact),
      reason: reason ?? null,
    };
  });
}

export function timelineTable(steps: readonly Step[]): string[] {
  const first = Date.parse(steps[0]?.time ?? '');
  const rows = steps.map(({ time, topic, status, partition, offset, published, reason }) => [
    time,
    `+${duration(Date.parse(time) - first)}`,
    topic,
    status,
    published ? `${partition ?? '?'}/${offset ?? '?'}` : 'not published yet',
    reason ?? '',
  ]);
  return table([['TIME', 'AFTER', 'TOPIC', 'STATUS', 'PARTITION/OFFSET', 'REASON'], ...rows]);
}
