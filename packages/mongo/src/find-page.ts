import type { Document } from 'mongodb';
import type { DocumentCollection } from './versioned-documents.ts';

export interface PageQuery {
  /** Only documents after the one with this key. */
  readonly after: string | undefined;
  readonly limit: number;
  /** Of the keys. */
  readonly order: 'ascending' | 'descending';
  readonly filter?: Document;
}

/** A page of documents in the order of their keys. */
export function findPage<Doc extends Document>(collection: DocumentCollection, query: PageQuery): Promise<Doc[]> {
  const { after, limit, order, filter = {} } = query;
  const [direction, comparison] = order === 'ascending' ? ([1, '$gt'] as const) : ([-1, '$lt'] as const);
  const conditions = after === undefined ? filter : { $and: [filter, { _id: { [comparison]: after } }] };
  return collection.find<Doc>(conditions, { sort: { _id: direction }, limit }).toArray();
}
