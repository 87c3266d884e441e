/** What the databases say and what the topics say is the same. */
import type { PipelineEvent } from '@order-pipeline/events';
import type { Databases, Stored, StoredOrder } from '../databases.ts';
import { evidence, eventTable, type Trace } from './event-table.ts';
import type { ReadEvent } from './event-source.ts';
import type { Told } from './published-facts.ts';
import { lookUp, type Look, type Rule, type Suspect } from './rule.ts';

/** A fact that a document says has been told. */
interface ToldFact extends Told {
  /** `<type>:<status>` */
  readonly fact: string;
}

/** The first of the facts that should be in its topic, and is not. */
function missing(orderId: string, told: readonly ToldFact[], { isOld, published }: Look): string | undefined {
  const lost = told.find(
    (each) => isOld(each.time) && published.isRetained(each) && !published.has(`${orderId}:${each.fact}`),
  );
  return lost && `${lost.fact} of ${lost.time} is not in its topic`;
}

/** Of the events that a service keeps in its document; what waits in the outbox is another rule's. */
async function unpublished<Item extends { readonly _id: string }>(
  page: readonly Item[],
  look: Look,
  eventsOf: (item: Item) => readonly (PipelineEvent | undefined)[],
): Promise<Suspect<Item>[]> {
  const lacking = page.flatMap((item) => {
    const told = eventsOf(item).flatMap((event): ToldFact[] =>
      event ? [{ topic: event.type, fact: `${event.type}:${event.data.status}`, time: event.data.timestamp }] : [],
    );
    return missing(item._id, told, look) ? [{ item, told }] : [];
  });
  // The order knows where they stood, and so whether they have been deleted since.
  const ids = lacking.map(({ item }) => item._id);
  const orders = await lookUp<StoredOrder>(look.databases.orders, ids, ['facts']);
  return lacking.flatMap(({ item, told }) => {
    const facts = orders.get(item._id)?.facts;
    const placed = told.map((each) => ({ ...each, ...facts?.[each.fact] }));
    const detail = missing(item._id, placed, look);
    return detail === undefined ? [] : [{ item, subject: item._id, detail }];
  });
}

const isWaiting = (outbox: StoredOrder['outbox'], fact: string): boolean =>
  outbox?.some((entry) => entry.fact === fact) ?? false;

function wrongState(order: StoredOrder, look: Look): string | undefined {
  const has = (fact: string): boolean => Object.hasOwn(order.facts, fact);
  if (!evidence[order.status].some((facts) => facts.every(has)))
    return `is ${order.status} without a fact that says so`;
  const told = Object.entries(order.facts)
    .filter(([fact]) => !isWaiting(order.outbox, fact))
    .map(([fact, record]): ToldFact => ({ fact, ...record, ...order.published?.[fact] }));
  return missing(order._id, told, look);
}

interface Question {
  readonly event: ReadEvent;
  readonly trace: Trace;
  readonly detail: string;
}

/** Looks all questions up, collection by collection, and answers those whose document does not show the trace. */
async function unanswered(questions: readonly Question[], databases: Databases): Promise<Suspect<ReadEvent>[]> {
  const suspects: Suspect<ReadEvent>[] = [];
  for (const [of, asked] of Map.groupBy(questions, ({ trace }) => trace.of)) {
    const ids = asked.map(({ event }) => event.orderId);
    const fields = [...new Set(asked.flatMap(({ trace }) => trace.fields))];
    const documents = await lookUp<Stored>(databases[of], ids, fields);
    for (const { event, trace, detail } of asked) {
      const document = documents.get(event.orderId);
      if (!document || !trace.isIn(document)) suspects.push({ item: event, subject: event.orderId, detail });
    }
  }
  return suspects;
}

const placeOf = ({ topic, partition, offset }: ReadEvent): string => `${topic}/${partition}/${offset}`;

export const eventRules: readonly Rule[] = [
  {
    id: 'states-have-their-events',
    sentence: 'Each state was told: within the retention of the topics, its event is there.',
    checks: [
      {
        over: 'orders',
        check: async (page, look) =>
          page.flatMap((order) => {
            const detail = wrongState(order, look);
            return detail === undefined ? [] : [{ item: order, subject: order._id, detail }];
          }),
      },
      {
        over: 'payments',
        check: async (page, look) => unpublished(page, look, ({ charged, compensated }) => [charged, compensated]),
      },
      {
        over: 'updates',
        check: async (page, look) =>
          unpublished(page, look, (update) => (update.kind === 'set' ? [] : [update.reserved, update.released])),
      },
      {
        over: 'shipments',
        check: async (page, look) =>
          unpublished(page, look, ({ shipped, cancelled, outbox }) => [
            isWaiting(outbox, 'shipment_processed:SHIPPED') ? undefined : shipped,
            cancelled,
          ]),
      },
    ],
  },
  {
    id: 'events-have-their-states',
    sentence: 'Each event tells what its service has stored.',
    checks: [
      {
        over: 'events',
        async check(page, { databases }) {
          const questions = page.flatMap((event): Question[] => {
            const meaning = eventTable[event.fact];
            const detail = `${event.fact} at ${placeOf(event)} tells what its service does not know`;
            return meaning ? [{ event, trace: meaning.state, detail }] : [];
          });
          return unanswered(questions, databases);
        },
      },
    ],
  },
  {
    id: 'events-have-their-effects',
    sentence: 'Each event that a group has worked off has left its effect there, or was dead-lettered.',
    checks: [
      {
        over: 'events',
        async check(page, look) {
          const questions = page.flatMap((event): Question[] =>
            event.workedOffBy.flatMap((group) => {
              const trace = eventTable[event.fact]?.effects[group];
              if (!trace || look.isDeadLettered(group, event)) return [];
              return [{ event, trace, detail: `${event.fact} at ${placeOf(event)} has no effect at ${group}` }];
            }),
          );
          return unanswered(questions, look.databases);
        },
      },
    ],
  },
];
