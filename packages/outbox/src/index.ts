export {
  createRelay,
  outboxEntry,
  type OutboxEntry,
  type Relay,
  type RelayEdges,
  type RelayOptions,
  type WithOutbox,
} from './relay.ts';
