export { abortAbandonedTransactions } from './abandoned-transactions.ts';
export { foldBatch, type Decide, type Decision, type FoldOptions } from './batch-fold.ts';
export { duplicateKeyIndexes } from './bulk-errors.ts';
export { createMongo, type Mongo } from './client.ts';
export { findPage, type PageQuery } from './find-page.ts';
export { insertOrFind, uniqueById, type UniqueKeys } from './insert-or-find.ts';
export { createGroupCommit, type GroupCommit } from './group-commit.ts';
export type { MongoAddress } from './rotating-client.ts';
export { runTransaction } from './transaction.ts';
export {
  createDocumentStore,
  openCollection,
  writeOf,
  type Change,
  type DocumentCollection,
  type DocumentStore,
  type StoredDocument,
  type Versioned,
} from './versioned-documents.ts';
