/**
 * CloudEvents 1.0 in Kafka's binary binding: the value is the plain JSON data, the attributes are `ce_` headers.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
import { everyService, type ServiceEntry } from './registry.ts';
import { eventSchemas, factOf, isEventType, type EventType, type PipelineEvent } from './schemas.ts';

export interface EncodedEvent {
  readonly topic: EventType;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a Kafka record is no event of ours. `kind` goes into the dead letter's `x-error-kind`. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
  readonly kind: 'not-json' | 'schema';

  constructor(kind: 'not-json' | 'schema', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** By its name and not its class, because test realms break instanceof. */
export const isInvalidEvent = (error: unknown): error is InvalidEventError =>
  (error as Error | null)?.name === 'InvalidEventError';

const producerOf = new Map<EventType, string>(
  Object.values<ServiceEntry>(everyService).flatMap((service) =>
    service.produces.map((type): [EventType, string] => [type, `/order-pipeline/${service.name}`]),
  ),
);

/** The same fact always has the same id: `<order_id>:<type>:<status>`. */
export const eventId = (event: PipelineEvent): string => `${event.data.order_id}:${factOf(event)}`;

/** The record of an event; the same event gives the same bytes. Throws InvalidEventError on data that is not its schema's. */
export function encodeEvent(event: PipelineEvent): EncodedEvent {
  const checked = eventSchemas[event.type].safeParse(event.data);
  if (!checked.success) throw new InvalidEventError('schema', `${event.type}: ${describeIssues(checked.error.issues)}`);
  return {
    topic: event.type,
    key: event.data.order_id,
    value: JSON.stringify(event.data),
    headers: {
      ce_specversion: '1.0',
      ce_id: eventId(event),
      ce_type: event.type,
      ce_source: producerOf.get(event.type) ?? '/order-pipeline',
      ce_subject: event.data.order_id,
      ce_time: event.data.timestamp,
      'content-type': 'application/json',
      ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    },
  };
}

/** The event in a record of `topic`. Throws InvalidEventError when the value is not JSON or not the topic's schema. */
export function decodeEvent(topic: string, value: Uint8Array | null, traceparent?: string): PipelineEvent {
  if (!isEventType(topic)) throw new InvalidEventError('schema', `no event has the type ${topic}`);
  if (value === null) throw new InvalidEventError('not-json', 'the record has no value');
  const parsed = eventSchemas[topic].safeParse(parseJson(value));
  if (!parsed.success) throw new InvalidEventError('schema', `${topic}: ${describeIssues(parsed.error.issues)}`);
  return { type: topic, data: parsed.data, ...(traceparent === undefined ? {} : { traceparent }) } as PipelineEvent;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(value));
  } catch (error) {
    throw new InvalidEventError('not-json', `the value is not JSON: ${(error as Error).message}`);
  }
}

function describeIssues(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'value'} ${issue.message}`)
    .join('; ');
}
