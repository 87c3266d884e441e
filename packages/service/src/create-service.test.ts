import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { services } from '@order-pipeline/events';
import { route } from '@order-pipeline/http';
import { readConfig } from '@order-pipeline/runtime';
import { createDatabase, createService, type ServiceEdges, type ServiceParts } from './create-service.ts';
import { pipelineSettings } from './settings.ts';

// Nothing listens on port 1: these tests need no engine.
const config = readConfig(z.object(pipelineSettings), {
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'silent',
  KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
  MONGODB_URI: 'mongodb://127.0.0.1:1',
  SHUTDOWN_LINGER_MS: '0',
});
const consuming = services.shipment;
const reading = { ...services.shipment, consumes: [] };
const handler = async () => [];
const compose = (parts: Partial<ServiceParts> | ((edges: ServiceEdges) => Partial<ServiceParts>), entry = consuming) =>
  createService(entry as typeof consuming, config, (edges) => ({
    routes: [],
    ...(typeof parts === 'function' ? parts(edges) : parts),
  }));
const ping = (path: string) =>
  route({
    method: 'GET',
    path,
    operationId: 'ping',
    summary: 'Ping',
    responses: { 204: { description: 'Done.' } },
    handle: () => ({ status: 204 }),
  });

describe('a service that is composed wrongly fails before anything starts', () => {
  test('with a handler and no topic', () => {
    expect(() => compose({ handler }, reading as never)).toThrow(
      'The shipment service has a handler, but the registry names no topic that it consumes',
    );
  });

  test('with topics and no handler', () => {
    expect(() => compose({})).toThrow(
      'The shipment service consumes inventory_updated, order_cancelled, but it has no handler',
    );
  });

  test('with two components of one name', () => {
    const components = [{ name: 'timer' }, { name: 'timer' }];
    expect(() => compose({ handler, components })).toThrow('Two components have the name "timer"');
  });

  test('with a component that has the name of a part that every service has', () => {
    expect(() => compose({ handler, components: [{ name: 'http' }] })).toThrow('Two components have the name "http"');
  });

  test('with two databases of one name', () => {
    expect(() =>
      compose((edges) => ({ handler, databases: [createDatabase(consuming.database, config, edges)] })),
    ).toThrow('Two components have the name "MongoDB shipment_db"');
  });

  test('with two routes of one method and path', () => {
    expect(() => compose({ handler, routes: [ping('/ping'), ping('/ping')] })).toThrow('GET /ping is described twice');
  });
});

describe('a service whose MongoDB is unreachable', () => {
  const log: string[] = [];
  const recorded = (name: string) => ({
    name,
    start: () => void log.push(`start ${name}`),
    stop: () => void log.push(`stop ${name}`),
  });
  const { lifecycle, http } = compose(({ assertStarted }) => ({
    handler,
    createIndexes: async () => void log.push('create indexes'),
    components: [recorded('relay'), { ...recorded('watch'), startsWithoutDatabase: true }, recorded('timer')],
    routes: [
      route({
        ...ping('/writes'),
        handle() {
          assertStarted();
          return { status: 204 };
        },
      }),
    ],
  }));
  beforeAll(() => lifecycle.start());
  afterAll(() => lifecycle.stop());

  test('answers probes, and names what it waits for', async () => {
    expect((await fetch(`${http.url}/livez`)).status).toBe(200);
    const ready = await fetch(`${http.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'starting',
      checks: {
        startup: { status: 'up' },
        shipment_db: { status: 'starting' },
        consumer: { status: 'starting', detail: 'waiting for MongoDB' },
        consumer_loop: { status: 'up' },
      },
    });
  });

  test('refuses with a 503 what needs a started service', async () => {
    const response = await fetch(`${http.url}/writes`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await response.json()).toMatchObject({ detail: 'The shipment service is still starting' });
  });

  test('starts only the components that need no database, and stops all in reverse', async () => {
    expect(log).toEqual(['start watch']);
    await lifecycle.stop();
    expect(log).toEqual(['start watch', 'stop timer', 'stop watch', 'stop relay']);
  });
});
