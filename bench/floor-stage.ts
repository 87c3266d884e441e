/** A consumer group of the floor: processes the records of all its partitions in batches, publishes, and commits. */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';

/** An event of the floor: an order's id and its data as text. */
export interface Fact {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

export interface Stage {
  readonly group: string;
  readonly topics: string[];
  readonly batchSize: number;
  /** Resolves when the effects are durable and the outcomes are acknowledged. */
  readonly work: (facts: Fact[]) => Promise<unknown>;
}

interface Slice {
  readonly payload: EachBatchPayload;
  readonly facts: Fact[];
  readonly nextOffset: string;
  readonly done: () => void;
}

/** Resolves once it has joined its group. An error terminates the process: the floor recovers from nothing. */
export async function startStage(kafka: Kafka, { group, topics, batchSize, work }: Stage): Promise<Consumer> {
  const waiting: Slice[] = [];
  let isBusy = false;

  const processWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const slices: Slice[] = [];
      for (let size = 0; waiting.length > 0 && size < batchSize; size += slices.at(-1)!.facts.length) {
        slices.push(waiting.shift()!);
      }
      await work(slices.flatMap(({ facts }) => facts));
      await slices[0]!.payload.commitOffsetsIfNecessary({
        topics: slices.map(({ payload: { batch }, nextOffset }) => ({
          topic: batch.topic,
          partitions: [{ partition: batch.partition, offset: nextOffset }],
        })),
      });
      for (const { done } of slices) done();
      await new Promise(setImmediate);
    }
    isBusy = false;
  };

  const consumer = kafka.consumer({ groupId: group, allowAutoTopicCreation: false, maxWaitTimeInMs: 250 });
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 100,
    async eachBatch(payload) {
      const { topic, messages } = payload.batch;
      for (let start = 0; start < messages.length; start += batchSize) {
        const slice = messages.slice(start, start + batchSize);
        const facts = slice.map(({ key, value }) => ({ topic, key: String(key), value: String(value) }));
        const nextOffset = (BigInt(slice.at(-1)!.offset) + 1n).toString();
        await new Promise<void>((done) => {
          waiting.push({ payload, facts, nextOffset, done });
          if (isBusy) return;
          isBusy = true;
          setImmediate(() => void processWaiting());
        });
      }
    },
  });
  await joined;
  return consumer;
}
