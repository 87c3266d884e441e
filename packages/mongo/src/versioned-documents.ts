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
  /** Counts the writes; 0 means that it is not stored yet. */
  readonly version: number;
}

export interface Change<Doc extends Versioned> {
  readonly before: Doc | undefined;
  readonly after: Doc;
}

export interface DocumentStore<Doc extends Versioned> {
  load(ids: readonly string[]): Promise<Map<string, Doc>>;
  /** Writes what changed; answers the ids whose document was written by another meanwhile, which were left as they are. */
  save(changes: readonly Change<Doc>[]): Promise<Set<string>>;
}

/**
 * Concurrent writers of fields that no decision changes (the relay pulling from `outbox`) are not disturbed: only
 * top-level fields whose value is another object than the one that was read are set.
 */
export function createDocumentStore<Doc extends Versioned>(collection: DocumentCollection): DocumentStore<Doc> {
  return {
    async load(ids) {
      const documents = await collection.find({ _id: { $in: ids } }, { projection: { outbox: 0 } }).toArray();
      return new Map(documents.map((document) => [document._id, document as unknown as Doc]));
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

/**
 * What is new is inserted. What is known is an upsert on {_id, version}: if another version is there by now, the insert
 * that follows fails on _id. Either way the error names the operation; a conditional update would only lower a total.
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

/** The top-level fields to set: a field that keeps its very value is left to whoever else writes it. */
export const changedFields = <Doc extends Versioned>(before: Doc | undefined, after: Doc): Partial<Doc> =>
  Object.fromEntries(
    Object.entries(after).filter(([name, value]) => name !== '_id' && value !== before?.[name as keyof Doc]),
  ) as Partial<Doc>;
