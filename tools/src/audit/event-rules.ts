/** The databases and the topics agree. */
import type { Databases, Stored } from '../databases.ts';
import type { Order, Payment } from '../documents.ts';
import { eventExpectations, factsOfState, type Expectation } from './event-expectations.ts';
import type { EventRecord } from './items.ts';
import type { RecordedFact } from './published-facts.ts';
import { findById, type AuditContext, type Candidate, type Rule } from './rule.ts';

type StoredEvent = Payment['charged'];

/** Names the first of the facts that should be in its topic, and is not. */
function missingEvent(
  orderId: string,
  facts: readonly RecordedFact[],
  { isOld, published }: AuditContext,
): string | undefined {
  const lost = facts.find(
    (each) => isOld(each.time) && published.isRetained(each) && !published.has(`${orderId}:${each.fact}`),
  );
  return lost && `${lost.fact} of ${lost.time} is not in its topic`;
}

/** Checks the events that a service stores in its documents. Events in the outbox are another rule's. */
async function missingEvents<Item extends { readonly _id: string }>(
  page: readonly Item[],
  context: AuditContext,
  eventsOf: (item: Item) => readonly StoredEvent[],
): Promise<Candidate<Item>[]> {
  const suspects = page.flatMap((item) => {
    const facts = eventsOf(item).flatMap((event): RecordedFact[] =>
      event ? [{ topic: event.type, fact: `${event.type}:${event.data.status}`, time: event.data.timestamp }] : [],
    );
    return missingEvent(item._id, facts, context) ? [{ item, facts }] : [];
  });
  // The order records the offsets, which show whether retention has deleted the events.
  const ids = suspects.map(({ item }) => item._id);
  const orders = await findById<Order>(context.databases.orders, ids, ['facts']);
  return suspects.flatMap(({ item, facts }) => {
    const recorded = orders.get(item._id)?.facts;
    const located = facts.map((each) => ({ ...each, ...recorded?.[each.fact] }));
    const detail = missingEvent(item._id, located, context);
    return detail === undefined ? [] : [{ item, subject: item._id, detail }];
  });
}

function isInOutbox(outbox: Order['outbox'], fact: string): boolean {
  return outbox?.some((entry) => entry.fact === fact) ?? false;
}

function wrongState(order: Order, context: AuditContext): string | undefined {
  const isKnown = (fact: string): boolean => Object.hasOwn(order.facts, fact);
  if (!factsOfState[order.status].some((facts) => facts.every(isKnown))) {
    return `is ${order.status} without the facts that lead to this state`;
  }
  const published = Object.entries(order.facts)
    .filter(([fact]) => !isInOutbox(order.outbox, fact))
    .map(([fact, record]): RecordedFact => ({ fact, ...record, ...order.published?.[fact] }));
  return missingEvent(order._id, published, context);
}

interface ExpectedEffect {
  readonly event: EventRecord;
  readonly expectation: Expectation;
  /** What is wrong where it is not met. */
  readonly detail: string;
}

/** Reads the documents, one query per collection, and keeps the expectations that are not met. */
async function unmet(expected: readonly ExpectedEffect[], databases: Databases): Promise<Candidate<EventRecord>[]> {
  const candidates: Candidate<EventRecord>[] = [];
  for (const [collection, group] of Map.groupBy(expected, ({ expectation }) => expectation.collection)) {
    const ids = group.map(({ event }) => event.orderId);
    const fields = [...new Set(group.flatMap(({ expectation }) => expectation.fields))];
    const documents = await findById<Stored>(databases[collection], ids, fields);
    for (const { event, expectation, detail } of group) {
      const document = documents.get(event.orderId);
      if (!document || !expectation.isMet(document)) candidates.push({ item: event, subject: event.orderId, detail });
    }
  }
  return candidates;
}

function describe({ fact, topic, partition, offset }: EventRecord): string {
  return `${fact} at ${topic}/${partition}/${offset}`;
}

export const eventRules: readonly Rule[] = [
  {
    id: 'states-have-their-events',
    sentence: 'Each stored state has its event in its topic, within the retention of the topics.',
    checks: [
      {
        over: 'orders',
        check: async (page, context) =>
          page.flatMap((order) => {
            const detail = wrongState(order, context);
            return detail === undefined ? [] : [{ item: order, subject: order._id, detail }];
          }),
      },
      {
        over: 'payments',
        check: (page, context) => missingEvents(page, context, ({ charged, compensated }) => [charged, compensated]),
      },
      {
        over: 'updates',
        check: (page, context) => missingEvents(page, context, ({ reserved, released }) => [reserved, released]),
      },
      {
        over: 'shipments',
        check: (page, context) =>
          missingEvents(page, context, ({ shipped, cancelled, outbox }) => [
            isInOutbox(outbox, 'shipment_processed:SHIPPED') ? undefined : shipped,
            cancelled,
          ]),
      },
    ],
  },
  {
    id: 'events-have-their-states',
    sentence: 'Each event agrees with what the service that published it has stored.',
    checks: [
      {
        over: 'events',
        async check(page, { databases }) {
          const expected = page.flatMap((event): ExpectedEffect[] => {
            const expectation = eventExpectations[event.fact]?.state;
            const detail = `${describe(event)} is not stored by the service that published it`;
            return expectation ? [{ event, expectation, detail }] : [];
          });
          return unmet(expected, databases);
        },
      },
    ],
  },
  {
    id: 'events-have-their-effects',
    sentence: 'Each event that a consumer group has processed has its effect there, or was dead-lettered.',
    checks: [
      {
        over: 'events',
        async check(page, context) {
          const expected = page.flatMap((event): ExpectedEffect[] =>
            event.processedBy.flatMap((group) => {
              const expectation = eventExpectations[event.fact]?.effects[group];
              if (!expectation || context.isDeadLettered(group, event)) return [];
              return [{ event, expectation, detail: `${describe(event)} has no effect at ${group}` }];
            }),
          );
          return unmet(expected, context.databases);
        },
      },
    ],
  },
];
