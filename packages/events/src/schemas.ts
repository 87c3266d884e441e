/**
 * One schema per event: the only source of types, validation, JSON Schema and AsyncAPI. Each service defines the events
 * that it produces in events/<service>.ts.
 */
import type { z } from 'zod';
import { schemas } from './events/all.ts';

export const eventSchemas = schemas;

export type EventType = keyof typeof eventSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;

/** A fact about one order, as services exchange it. Everything else of the envelope is derived (see envelope.ts). */
export type EventOf<T extends EventType> = {
  readonly [K in T]: { readonly type: K; readonly data: EventData<K>; readonly traceparent?: string };
}[T];
export type PipelineEvent = EventOf<EventType>;

export const eventTypes = Object.keys(eventSchemas) as EventType[];
export const isEventType = (name: string): name is EventType => Object.hasOwn(eventSchemas, name);

/** What names a fact among those of its order: `<type>:<status>`. */
export const factOf = (event: PipelineEvent): string => `${event.type}:${event.data.status}`;
