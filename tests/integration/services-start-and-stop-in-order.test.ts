/** A service's parts start and stop in the order that createService() promises, with real engines. */
import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { sampleEvents, services, type ServiceEntry } from '@order-pipeline/events';
import { createKafka, createMessagingMetrics, createPublisher } from '@order-pipeline/kafka';
import { OutageError, quietLogger } from '@order-pipeline/resilience';
import { readConfig, Registry } from '@order-pipeline/runtime';
import { createService, pipelineSettings, type RunnableService, type ServiceEdges } from '@order-pipeline/service';
import { useKafka, useMongo } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { inputTopic, topicsFor } from '../support/members.ts';

const entry: ServiceEntry = {
  ...services.shipment,
  consumerGroup: 'ordered-service',
  database: 'ordered_db',
  consumes: [inputTopic],
};
const kafka = useKafka(topicsFor(entry.consumerGroup));
const mongo = useMongo();

let running: RunnableService | undefined;
afterEach(() => running?.lifecycle.stop());

/** A service that logs what its parts do; its second component fails once, as in an outage. */
function loggingService(log: string[]): RunnableService {
  const config = readConfig(z.object(pipelineSettings), {
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
    MONGODB_URI: mongo.uri,
    SHUTDOWN_LINGER_MS: '0',
  });
  const component = (name: string, onStart: () => void = () => {}) => ({
    name,
    start() {
      log.push(`start ${name}`);
      onStart();
    },
    stop: () => void log.push(`stop ${name}`),
  });
  let outages = 1;
  const build = ({ mongo: { db } }: ServiceEdges) => ({
    routes: [],
    handler: async (events: readonly object[]) => {
      log.push(`process ${events.length}`);
      return [];
    },
    components: [
      component('relay'),
      component('timer', () => {
        if (outages-- > 0) throw new OutageError('mongodb', 'no primary');
      }),
    ],
    createIndexes: async () => {
      await db.collection('ordered').createIndex({ at: 1 });
      log.push('create indexes');
    },
  });
  return createService(entry, config, build);
}

test('indexes, components and the consumer start in order, an outage repeats a step, and all stop in reverse', async () => {
  const publisher = createPublisher(
    createKafka({ brokers: [kafka.bootstrapServers], clientId: 'tests' }, quietLogger),
    createMessagingMetrics(new Registry()),
  );
  await publisher.publish([sampleEvents().cancelling]);
  await publisher.stop();

  const log: string[] = [];
  running = loggingService(log);
  await running.lifecycle.start();
  await eventually(() => expect(log).toContain('process 1'));
  await eventually(async () => {
    const ready = await fetch(`${running!.http.url}/readyz`);
    expect(await ready.json()).toMatchObject({ status: 'ready', checks: { ordered_db: { status: 'up' } } });
  });
  expect(log).toEqual(['create indexes', 'start relay', 'start timer', 'start timer', 'process 1']);

  await running.lifecycle.stop();
  expect(log.slice(5)).toEqual(['stop timer', 'stop relay']);
});
