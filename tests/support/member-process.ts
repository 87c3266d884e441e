/**
 * A group member in a process of its own, to be killed: `member-process.ts <brokers> <group>`. It prints the orders that it
 * receives, one line of JSON per batch, and never finishes processing them.
 */
import { createKafka, createMessagingMetrics, createPublisher, startConsumer } from '@order-pipeline/kafka';
import { Registry } from '@order-pipeline/runtime';
import { quietLogger } from '@order-pipeline/resilience';

const [bootstrapServers = '', consumerGroup = ''] = process.argv.slice(2);
const kafka = createKafka({ brokers: [bootstrapServers], clientId: 'member-process' }, quietLogger);
const metrics = createMessagingMetrics(new Registry());
startConsumer({
  kafka,
  consumerGroup,
  topics: ['order_cancelled'],
  handler(events) {
    process.stdout.write(`${JSON.stringify(events.map(({ event }) => event.data.order_id))}\n`);
    return new Promise(() => {});
  },
  publisher: createPublisher(kafka, metrics),
  logger: quietLogger,
  metrics,
  settings: { sessionTimeoutMs: 6_000 },
  onFatal(error) {
    throw error;
  },
});
