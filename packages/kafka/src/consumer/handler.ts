/** What a service hands to the consumer, and the shape of the middleware around it. */
import type { PipelineEvent, ReceivedEvent } from '@order-pipeline/events';
import type { ConsumedRecord } from '../record.ts';

/**
 * Decides on a batch of events, each partition's in offset order, stores the effects and returns the outcomes. When it
 * resolves, its effects are durable; it may be called again with the same events. An OutageError is waited out; any other
 * error is isolated to the one event on which the handler fails.
 */
export type Handler = (events: readonly ReceivedEvent[]) => Promise<readonly PipelineEvent[]>;

export type DecodedEvent = ReceivedEvent & { readonly record: ConsumedRecord };

/** A step from events to what follows from them. Middleware wraps a step in another one; waits end with the signal. */
export type Step<Result> = (events: readonly DecodedEvent[], signal: AbortSignal) => Promise<Result>;
