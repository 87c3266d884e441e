export { outboxEntry, type OutboxEntry, type WithOutbox } from './outbox-entry.ts';
export { Relay, type RelayEdges, type RelayOptions } from './relay.ts';
