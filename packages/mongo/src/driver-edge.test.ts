import { afterAll, describe, expect, test } from '@jest/globals';
import { MongoNetworkError, MongoServerError, type Collection } from 'mongodb';
import { OutageError, quietLogger } from '@order-pipeline/resilience';
import { createMongo, type Mongo } from './client.ts';
import { callDriver, translateError } from './driver-edge.ts';
import { openCollection } from './versioned-documents.ts';

/** Nothing listens on port 1: each operation waits for a server, and fails as it does in an outage. */
const mongo = createMongo('mongodb://127.0.0.1:1', 'edge', quietLogger);
const collection = openCollection(mongo.db, 'documents');
afterAll(() => mongo.stop());

const forEach = async (values: AsyncIterable<unknown>): Promise<void> => {
  for await (const value of values) expect(value).toBeUndefined();
};

const operations: readonly (readonly [string, (on: Mongo) => Promise<unknown>])[] = [
  ['a read', () => collection.findOne({ _id: 'a' })],
  ['a count', () => collection.countDocuments({})],
  ['a write', () => collection.insertOne({ _id: 'a' })],
  ['a bulk write', () => collection.bulkWrite([{ insertOne: { document: { _id: 'a' } } }], { ordered: false })],
  ['the creation of an index', () => collection.createIndex({ at: 1 })],
  ['a cursor', () => collection.find({}).toArray()],
  ['a cursor with options set by its methods', () => collection.find({}).sort({ _id: 1 }).limit(3).next()],
  ['an iteration over a cursor', () => forEach(collection.find({}))],
  ['an aggregation', () => collection.aggregate([{ $match: {} }]).toArray()],
  ['a change stream', () => collection.watch().next()],
  ['an iteration over a change stream', () => forEach(collection.watch())],
  ['a command', ({ db }) => db.command({ hello: 1 })],
  ['a command of another database', ({ client }) => client.db('admin').command({ ping: 1 })],
  ['an aggregation of another database', ({ client }) => client.db('admin').aggregate([]).toArray()],
  ['a listing of indexes', () => collection.listIndexes().toArray()],
  [
    'a transaction',
    ({ client }) =>
      client.withSession((session) =>
        session.withTransaction(() => collection.insertOne({ _id: 'a' }, { session }), { timeoutMS: 100 }),
      ),
  ],
];

describe('with MongoDB unreachable', () => {
  test.each(operations)('%s rejects with an OutageError', async (_, operation) => {
    const error = await operation(mongo).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OutageError);
    expect(error).toMatchObject({ dependency: 'mongodb', cause: { name: expect.stringMatching(/^Mongo/u) } });
  });

  test("an operation in a session rejects with the driver's own error, labels included", async () => {
    let inSession: unknown;
    const leaving = await mongo.client
      .withSession((session) =>
        collection
          .find({}, { session })
          .toArray()
          .catch((error: unknown) => {
            inSession = error;
            throw error;
          }),
      )
      .catch((error: unknown) => error);
    expect(inSession).toMatchObject({ name: expect.stringMatching(/^Mongo/u) });
    expect(leaving).toMatchObject({ name: 'OutageError', cause: inSession });
  });
});

describe('the translation', () => {
  test('keeps what is no outage', async () => {
    const duplicate = new MongoServerError({ message: 'E11000', code: 11_000 });
    expect(translateError(duplicate)).toBe(duplicate);
    const rejecting = { insertOne: async () => Promise.reject(duplicate) };
    await expect(callDriver(rejecting, rejecting.insertOne, [])).rejects.toBe(duplicate);
  });

  test('keeps an outage of another dependency', () => {
    const outage = new OutageError('payment gateway', new MongoNetworkError('closed'));
    expect(translateError(outage)).toBe(outage);
  });

  test('covers what a method throws before it returns a promise', () => {
    const throwing = {
      find(): Collection {
        throw new MongoNetworkError('closed');
      },
    };
    expect(() => callDriver(throwing, throwing.find, [])).toThrow(OutageError);
  });

  test('passes arguments and results through', async () => {
    const counter = { add: async (one: number, other: number) => one + other };
    await expect(callDriver(counter, counter.add as () => unknown, [1, 2])).resolves.toBe(3);
  });
});
