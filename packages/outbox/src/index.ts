export { duplicateKeyIndexes } from './bulk-errors.ts';
export {
  createDocumentStore,
  openCollection,
  writeOf,
  type Change,
  type DocumentCollection,
  type DocumentStore,
  type StoredDocument,
  type Versioned,
} from './documents.ts';
export { foldChunk, type Decide, type Decision, type FoldOptions } from './fold-chunk.ts';
export { createGroupCommit, type GroupCommit } from './group-commit.ts';
export { createMongo, type Mongo } from './mongo.ts';
export { isMongoOutage } from './mongo-outage.ts';
export type { MongoAddress } from './rotating-client.ts';
export { createRelay, outboxEntry, type OutboxEntry, type Relay, type RelayOptions, type WithOutbox } from './relay.ts';
