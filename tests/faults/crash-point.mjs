// Loaded before a service (node --import): ends the process with SIGKILL at a named point, once, when CRASH_FILE names the
// point. The services contain no such code: the points are calls of the drivers.
import { readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';

const file = process.env.CRASH_FILE;
const require = createRequire(new URL('../../packages/mongo/package.json', import.meta.url));
const { Collection } = require('mongodb');
const { Kafka } = createRequire(new URL('../../packages/kafka/package.json', import.meta.url))('kafkajs');

/** The process that renames the file first is killed; the others, and its successor, continue. */
function crashAt(point) {
  try {
    if (readFileSync(file, 'utf8') !== point) return;
    renameSync(file, `${file}.${point}`);
  } catch {
    return;
  }
  process.kill(process.pid, 'SIGKILL');
}

const isArmed = (point) => {
  try {
    return readFileSync(file, 'utf8') === point;
  } catch {
    return false;
  }
};

const { insertMany, bulkWrite } = Collection.prototype;

Collection.prototype.insertMany = async function (...args) {
  const result = await insertMany.apply(this, args);
  if (this.collectionName === 'orders') crashAt('order-written-not-relayed');
  if (this.collectionName === 'ledger') crashAt('charged-not-recorded');
  return result;
};

Collection.prototype.bulkWrite = async function (operations, options) {
  const clearsOutbox = operations.some(({ updateOne }) => updateOne?.update?.$pull !== undefined);
  if (this.collectionName === 'orders' && clearsOutbox) crashAt('relayed-not-cleared');
  if (this.collectionName === 'payments' && operations.length > 1 && isArmed('half-of-the-bulk-written')) {
    await bulkWrite.call(this, operations.slice(0, operations.length >> 1), options);
    crashAt('half-of-the-bulk-written');
  }
  const result = await bulkWrite.call(this, operations, options);
  if (this.collectionName === 'payments') crashAt('effect-durable-not-published');
  if (this.collectionName === 'inventory' && options?.session) crashAt('inside-the-stock-transaction');
  return result;
};

const { producer: createProducer } = Kafka.prototype;
Kafka.prototype.producer = function (...args) {
  const producer = createProducer.apply(this, args);
  const { sendBatch } = producer;
  producer.sendBatch = async (batch) => {
    const result = await sendBatch(batch);
    if (batch.topicMessages.some(({ topic }) => topic === 'payment_processed')) crashAt('published-not-committed');
    return result;
  };
  return producer;
};
