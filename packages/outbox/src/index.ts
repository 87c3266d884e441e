export { createRelay, outboxEntry, type OutboxEntry, type Relay, type RelayOptions, type WithOutbox } from './relay.ts';
