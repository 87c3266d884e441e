import { Partitioners } from 'kafkajs';
import { deadLetterHeaders } from '@order-pipeline/kafka';
import { readTopic } from '../support/kafka-reader.ts';
import type { TestPipeline } from '../support/pipeline.ts';

/** Dead-letters the records of these orders, as a service that fails on them would. The service must be stopped. */
export async function deadLetter(
  on: Pick<TestPipeline, 'kafka'>,
  group: string,
  topic: string,
  orderIds: readonly string[],
): Promise<void> {
  const records = (await readTopic(on.kafka, topic)).filter(({ message }) => orderIds.includes(String(message.key)));
  const producer = on.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({
    topic: `${group}.dlq`,
    messages: records.map(({ partition, message: { key, value, headers, offset } }) => ({
      key,
      value,
      headers: {
        ...headers,
        [deadLetterHeaders.topic]: topic,
        [deadLetterHeaders.partition]: String(partition),
        [deadLetterHeaders.offset]: offset,
        [deadLetterHeaders.attempt]: '3',
        [deadLetterHeaders.errorKind]: 'handler',
        [deadLetterHeaders.errorClass]: 'TypeError',
        [deadLetterHeaders.errorMessage]: 'cannot read it',
      },
    })),
  });
  await producer.disconnect();
  const admin = on.kafka.admin();
  await admin.connect();
  const ends = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({ partition, offset: high }));
  await admin.setOffsets({ groupId: group, topic, partitions: ends });
  await admin.disconnect();
}
