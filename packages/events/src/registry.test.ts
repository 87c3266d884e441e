import { describe, expect, test } from '@jest/globals';
import { everyService, services, type ServiceEntry } from './registry.ts';
import { eventTypes } from './schemas.ts';
import { deadLetterResolvedTopic, deadLetterTopic, topics } from './topics.ts';

const participants = Object.values<ServiceEntry>(services);
const entries = Object.values<ServiceEntry>(everyService);
const topic = (name: string) => topics.find((each) => each.name === name);

describe('the registry', () => {
  test('the names, ports, groups and databases are those that the article and the design promise', () => {
    const promised = [services.order, services.payment, services.inventory, services.shipment];
    const table = promised.map(({ name, port, consumerGroup, database }) => [name, port, consumerGroup, database]);
    expect(table).toEqual([
      ['order', 8001, 'order-service', 'order_db'],
      ['payment', 8002, 'payment-service', 'payment_db'],
      ['inventory', 8003, 'inventory-service', 'inventory_db'],
      ['shipment', 8004, 'shipment-service', 'shipment_db'],
    ]);
    for (const [key, { name }] of Object.entries(everyService)) expect(name).toBe(key);
  });

  test.each(['port', 'consumerGroup', 'database'] as const)('no two services share a %s', (field) => {
    expect(new Set(entries.map((entry) => entry[field])).size).toBe(entries.length);
  });

  test.each(eventTypes)('exactly one service produces %s, and its topic exists', (type) => {
    expect(entries.filter(({ produces }) => produces.includes(type))).toHaveLength(1);
    expect(topic(type)).toBeDefined();
  });

  test('every topic that is consumed is produced by exactly one service, and not by the consumer itself', () => {
    for (const { name, consumes, produces } of entries) {
      expect(new Set(consumes).size).toBe(consumes.length);
      for (const type of consumes) {
        expect(entries.filter((entry) => entry.produces.includes(type))).toHaveLength(1);
        expect([name, produces]).not.toEqual([name, expect.arrayContaining([type])]);
      }
    }
  });

  test('a service that only reads produces nothing', () => {
    expect(entries.filter(({ role, produces }) => role === 'reading' && produces.length > 0)).toEqual([]);
  });

  test('a service gives partitions only to topics that it produces', () => {
    for (const { partitions = {}, produces } of entries)
      expect(produces).toEqual(expect.arrayContaining(Object.keys(partitions)));
  });

  test('events are spread over 12 partitions and kept for 30 days', () => {
    for (const type of eventTypes) {
      expect(topic(type)).toEqual({
        name: type,
        partitions: 12,
        config: {
          'retention.ms': String(30 * 86_400_000),
          'max.message.bytes': '1048576',
          'compression.type': 'uncompressed',
        },
      });
    }
  });

  test.each(participants)(
    'the dead letters of the $name service do not expire, and may be larger than its events',
    (service) => {
      const deadLetters = topic(deadLetterTopic(service.consumerGroup));
      expect(deadLetters?.name).toBe(`${service.name}-service.dlq`);
      expect(deadLetters?.config['retention.ms']).toBe('-1');
      for (const type of service.consumes) {
        const [large, small] = [deadLetters, topic(type)].map((each) => Number(each?.config['max.message.bytes']));
        expect(large).toBeGreaterThan(small!);
      }
    },
  );

  test.each(participants)(
    'what was done to the dead letters of the $name service is kept per dead letter',
    (service) => {
      const resolved = topic(deadLetterResolvedTopic(service.consumerGroup));
      expect(resolved?.name).toBe(`${service.name}-service.dlq.resolved`);
      expect(resolved?.config).toEqual({ 'cleanup.policy': 'compact' });
    },
  );

  test('no topic stands in the list twice', () => {
    expect(new Set(topics.map(({ name }) => name)).size).toBe(topics.length);
  });
});
