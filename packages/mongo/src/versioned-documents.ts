/** Documents that carry a version: loaded and written per batch, each write conditional on what was read. */
import type { AnyBulkWriteOperation, Collection, Db, Document } from 'mongodb';
import { duplicateKeyIndexes } from './bulk-errors.ts';

/**
 * A document as the driver sees it. The driver's types for filters and updates expand every path of a document, which
 * never ends for documents that hold events; repositories name their own types where a document enters or leaves.
 */
export interface StoredDocument extends Document {
  readonly _id: string;
}
export type DocumentCollection = Collection<StoredDocument>;

export const openCollection = (db: Db, name: string): DocumentCollection => db.collection<StoredDocument>(name);

export interface Versioned {
  readonly _id: string;
  /** Number of writes; 0 means that it is not stored yet. */
  readonly version: number;
}

export interface Change<Doc extends Versioned> {
  readonly before: Doc | undefined;
  readonly after: Doc;
}

export interface DocumentStore<Doc extends Versioned> {
  load(ids: readonly string[]): Promise<Map<string, Doc>>;
  /** Writes what changed; returns the ids of conflicts: documents that another writer changed, and that stay as they are. */
  save(changes: readonly Change<Doc>[]): Promise<Set<string>>;
}

/**
 * Sets only top-level fields whose value is another object than the one that was read, so that it does not overwrite
 * concurrent writers of other fields (the relay removes entries from `outbox`).
 */
export function createDocumentStore<Doc extends Versioned>(collection: DocumentCollection): DocumentStore<Doc> {
  return {
    async load(ids) {
      const documents = await collection.find<Doc>({ _id: { $in: [...ids] } }, { projection: { outbox: 0 } }).toArray();
      return new Map(documents.map((document) => [document._id, document]));
    },
    async save(changes) {
      try {
        await collection.bulkWrite(changes.map(writeOf), { ordered: false });
        return new Set();
      } catch (error) {
        return new Set(duplicateKeyIndexes(error).map((index) => changes[index]!.after._id));
      }
    },
  };
}

/** The top-level fields to set: a field with the same value is left to other writers. */
export const changedFields = <Doc extends Versioned>(before: Doc | undefined, after: Doc): Partial<Doc> =>
  Object.fromEntries(
    Object.entries(after).filter(([name, value]) => name !== '_id' && value !== before?.[name as keyof Doc]),
  ) as Partial<Doc>;

/**
 * A new document is inserted. A known one is an upsert on {_id, version}: if the stored version is another one by now, the
 * upsert inserts, and fails on _id. Either way the error names the operation; a conditional update would only lower a total.
 */
export function writeOf<Doc extends Versioned>({ before, after }: Change<Doc>): AnyBulkWriteOperation<StoredDocument> {
  const version = after.version + 1;
  if (before === undefined) return { insertOne: { document: { ...after, version } } };
  return {
    updateOne: {
      filter: { _id: after._id, version: after.version },
      update: { $set: { ...changedFields(before, after), version } },
      upsert: true,
    },
  };
}
