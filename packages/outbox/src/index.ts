export { duplicateKeyIndexes } from './bulk-errors.ts';
export {
  createDocumentStore,
  openCollection,
  type Change,
  type DocumentCollection,
  type DocumentStore,
  type StoredDocument,
  type Versioned,
} from './documents.ts';
export { foldChunk, type Decide, type Decision, type FoldOptions } from './fold-chunk.ts';
export { createGroupCommit, type GroupCommit } from './group-commit.ts';
export { createMongo, isMongoOutage, type Mongo } from './mongo.ts';
export { createRelay, outboxEntry, type OutboxEntry, type Relay, type WithOutbox } from './relay.ts';
