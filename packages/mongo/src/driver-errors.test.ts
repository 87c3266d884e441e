import { describe, expect, test } from '@jest/globals';
import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb';
import { isMongoOutage } from './driver-errors.ts';

const bulk = (error: object): MongoBulkWriteError => new MongoBulkWriteError(error as never, {} as never);

describe('an outage of MongoDB', () => {
  test.each([
    ['a network error', new MongoNetworkError('connection 1 closed')],
    ['a bulk write that failed with a network error', bulk(new MongoNetworkError('read ECONNRESET'))],
    ['a socket that was half-closed', Object.assign(new Error('This socket has been ended'), { code: 'EPIPE' })],
    ['a primary that is stepping down', new MongoServerError({ message: 'not primary', code: 10107 })],
    ['a write concern that timed out', bulk({ message: 'waiting for replication timed out', code: 64 })],
    ['a majority that cannot be read yet', new MongoServerError({ message: 'no snapshot', code: 134 })],
    ['an overloaded server', new MongoServerError({ code: 462, errorLabels: ['SystemOverloadedError'] })],
    ['a resolver that does not respond', Object.assign(new Error('querySrv ETIMEOUT'), { code: 'ETIMEOUT' })],
    ['an error caused by one of these', new Error('wrapped', { cause: new MongoNetworkError('closed') })],
  ])('is %s', (_, error) => {
    expect(isMongoOutage(error)).toBe(true);
  });

  test.each([
    ['a duplicate key', new MongoServerError({ message: 'E11000', code: 11000 })],
    ['a bulk write with duplicate keys', bulk({ message: 'E11000', code: 11000, writeErrors: [{ code: 11000 }] })],
    ['a document that is too large', bulk(new MongoServerError({ message: 'too large', code: 10334 }))],
    ['a programming error', new TypeError('x is not a function')],
    ['nothing', undefined],
  ])('is not %s', (_, error) => {
    expect(isMongoOutage(error)).toBe(false);
  });
});
