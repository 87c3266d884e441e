/** AsyncAPI 3.0 of the topics, generated from the schemas and the registry; docs/asyncapi.json is its checked-in copy. */
import { z } from 'zod';
import { summaries } from './events/all.ts';
import { everyService, type ServiceEntry } from './registry.ts';
import { sampleEvents } from './sample-events.ts';
import { eventSchemas, eventTypes, factOf, type PipelineEvent } from './schemas.ts';
import { partitionsOf } from './topics.ts';

const headers = {
  type: 'object',
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: '<order_id>:<type>:<status>; the same fact always has the same id.' },
    ce_type: { type: 'string', description: "The topic's name." },
    ce_source: { type: 'string', format: 'uri-reference' },
    ce_subject: { type: 'string', format: 'uuid', description: 'The order id.' },
    ce_time: { type: 'string', format: 'date-time' },
    'content-type': { type: 'string', const: 'application/json' },
    traceparent: { type: 'string', description: 'W3C Trace Context.' },
  },
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time', 'content-type'],
};

/** JSON Schema (2020-12) of each event's data. */
export const eventJsonSchemas = (): Record<string, unknown> =>
  Object.fromEntries(eventTypes.map((type) => [type, z.toJSONSchema(eventSchemas[type], { io: 'input' })]));

export function asyncApiDocument(): Record<string, unknown> {
  const schemas = eventJsonSchemas();
  const samples: readonly PipelineEvent[] = Object.values(sampleEvents());
  const entries: readonly ServiceEntry[] = Object.values(everyService);
  const operation = (service: ServiceEntry, action: 'send' | 'receive', type: string): [string, unknown] => [
    `${service.name}.${action}.${type}`,
    {
      action,
      channel: { $ref: `#/channels/${type}` },
      ...(action === 'receive'
        ? {
            bindings: { kafka: { groupId: { type: 'string', const: service.consumerGroup }, bindingVersion: '0.5.0' } },
          }
        : {}),
    },
  ];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'order-pipeline events',
      version: '1.0.0',
      description: 'CloudEvents 1.0, Kafka binary binding; key = order id. Consumers ignore unknown fields.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      eventTypes.map((type) => [
        type,
        {
          address: type,
          messages: { [type]: { $ref: `#/components/messages/${type}` } },
          bindings: {
            kafka: {
              topic: type,
              partitions: partitionsOf(type),
              bindingVersion: '0.5.0',
            },
          },
        },
      ]),
    ),
    operations: Object.fromEntries(
      entries.flatMap((service) => [
        ...service.produces.map((type) => operation(service, 'send', type)),
        ...service.consumes.map((type) => operation(service, 'receive', type)),
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        eventTypes.map((type) => [
          type,
          {
            name: type,
            summary: summaries[type],
            headers: { $ref: '#/components/schemas/headers' },
            payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: schemas[type] },
            bindings: { kafka: { key: { type: 'string', format: 'uuid' }, bindingVersion: '0.5.0' } },
            examples: samples
              .filter((event) => event.type === type)
              .map((event) => ({ name: factOf(event), payload: event.data })),
          },
        ]),
      ),
      schemas: { headers },
    },
  };
}
