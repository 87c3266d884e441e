/** Collections read in the order of _id, a page at a time: memory does not grow with them. */
import type { Databases, Stored } from '../databases.ts';
import type { Items } from './items.ts';
import { pageSize, type Source } from './source.ts';

const fieldsOf = {
  orders: ['status', 'total_minor', 'created_at', 'updated_at', 'facts', 'published', 'outbox.fact', 'outbox.at'],
  payments: ['status', ...['charged', 'compensated'].flatMap(eventFields)],
  ledger: ['order_id', 'kind', 'outcome', 'amount_minor'],
  updates: ['kind', 'status', 'at', ...['reserved', 'released'].flatMap(eventFields)],
  shipments: [
    'status',
    'created_at',
    'due_at',
    'outbox.fact',
    'outbox.at',
    ...['shipped', 'cancelled'].flatMap(eventFields),
  ],
} as const satisfies Partial<Record<keyof Databases, readonly string[]>>;

function eventFields(name: string): string[] {
  return ['type', 'data.order_id', 'data.status', 'data.timestamp'].map((field) => `${name}.${field}`);
}

export type MongoSourceName = keyof typeof fieldsOf;
export const mongoSourceNames = Object.keys(fieldsOf) as MongoSourceName[];

export function mongoSource<Name extends MongoSourceName>(
  databases: Databases,
  name: Name,
  signal: AbortSignal,
): Source<Items[Name]> {
  const collection = databases[name];
  const projection = Object.fromEntries(fieldsOf[name].map((field) => [field, 1]));
  // Only reservations belong to orders; changes by hand are part of each product's sum.
  const filter = name === 'updates' ? { kind: 'reservation' } : {};
  const typed = (documents: readonly Stored[]): Items[Name][] => documents as unknown as Items[Name][];
  return {
    name,
    total: () => collection.estimatedDocumentCount(),
    async scan(onPage) {
      for (let after = ''; ;) {
        signal.throwIfAborted();
        const page = await collection
          .find({ _id: { $gt: after }, ...filter }, { projection, sort: { _id: 1 }, limit: pageSize })
          .toArray();
        if (page.length === 0) return;
        after = page.at(-1)!._id;
        await onPage(typed(page));
      }
    },
    async reload(items) {
      const ids = items.map(({ _id }) => _id);
      return typed(await collection.find({ _id: { $in: ids } }, { projection }).toArray());
    },
  };
}
