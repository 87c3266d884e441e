import type { Document } from 'mongodb';
import { OutageError } from '@order-pipeline/resilience';
import { duplicateKeyIndexes } from './bulk-errors.ts';
import type { DocumentCollection, StoredDocument } from './versioned-documents.ts';

export interface UniqueKeys<Doc> {
  /** Finds the documents that hold a unique key of one of these. */
  readonly holdersOf: (refused: readonly Doc[]) => Document;
  /** Whether `stored` holds a unique key of `refused`. */
  readonly isHolder: (stored: Doc, refused: Doc) => boolean;
}

/**
 * Inserts documents in one write. Returns, in order, the document that is stored for each: itself, or the one that held
 * its unique key before. Rejects with an OutageError while a majority does not yet have the holder.
 */
export async function insertOrFind<Doc extends { readonly _id: string }>(
  collection: DocumentCollection,
  documents: readonly Doc[],
  { holdersOf, isHolder }: UniqueKeys<Doc>,
): Promise<Doc[]> {
  try {
    await collection.insertMany([...documents] as StoredDocument[], { ordered: false });
    return [...documents];
  } catch (error) {
    const refused = new Set(duplicateKeyIndexes(error).map((index) => documents[index]!));
    const holders = await collection.find<Doc>(holdersOf([...refused])).toArray();
    return documents.map((document) => {
      if (!refused.has(document)) return document;
      const holder = holders.find((stored) => isHolder(stored, document));
      if (!holder) throw new OutageError('mongodb', error);
      return holder;
    });
  }
}

/** For documents whose only unique key is their id. */
export const uniqueById: UniqueKeys<{ readonly _id: string }> = {
  holdersOf: (refused) => ({ _id: { $in: refused.map(({ _id }) => _id) } }),
  isHolder: (stored, refused) => stored._id === refused._id,
};
