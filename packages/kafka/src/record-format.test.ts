import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import {
  array,
  assert,
  bigInt,
  boolean,
  constant,
  constantFrom,
  dictionary,
  maxSafeInteger,
  nat,
  oneof,
  option,
  property,
  record,
  string,
  uint8Array,
  type Arbitrary,
} from 'fast-check';
import { decodeRecord, encodeRecord, type BatchContext, type RecordFields } from './record-format.ts';

const require = createRequire(import.meta.url);
const theirs = {
  encode: require('kafkajs/src/protocol/recordBatch/record/v0') as typeof encodeRecord,
  decode: require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as typeof decodeRecord,
  Decoder: require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => {
    readonly buffer: Buffer;
    readVarIntBytes(): Buffer;
  },
};
const body = ({ buffer }: { buffer: Buffer }) => new theirs.Decoder(new theirs.Decoder(buffer).readVarIntBytes());

const bytes = uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some));
const value = oneof(bytes, string({ unit: 'binary' }));
// What an object of JavaScript has anyway is another matter, see below.
const name = string({ unit: 'binary' }).filter((text) => !(text in {}));
const fields: Arbitrary<RecordFields> = record({
  offsetDelta: nat(),
  timestampDelta: maxSafeInteger().map((any) => Math.trunc(any / 2)),
  key: option(value, { nil: null }),
  value: option(value, { nil: null }),
  headers: dictionary(name, oneof(value, array(value, { minLength: 1 }))),
});
const int64 = bigInt({ min: 0n, max: 2n ** 62n }).map(String);
const context: Arbitrary<BatchContext> = record({
  firstOffset: int64,
  firstTimestamp: int64,
  maxTimestamp: int64,
  timestampType: constantFrom(0, 1),
  magicByte: constant(2),
  isControlBatch: boolean(),
});
const plain: BatchContext = {
  firstOffset: '9007199254740993',
  firstTimestamp: '1700000000000',
  maxTimestamp: '1700000000005',
  timestampType: 0,
  magicByte: 2,
  isControlBatch: false,
};

test('a record is written to the byte as kafkajs writes it', () => {
  assert(
    property(fields, (given) => {
      const ours = encodeRecord(given);
      expect(ours.buffer.toString('hex')).toBe(theirs.encode(given).buffer.toString('hex'));
      expect(ours.size()).toBe(ours.buffer.length);
    }),
    { numRuns: 1_000 },
  );
});

test('a record is read as kafkajs reads it', () => {
  assert(
    property(fields, context, (given, batch) => {
      const encoded = theirs.encode(given);
      expect(decodeRecord(body(encoded), batch)).toStrictEqual(theirs.decode(body(encoded), batch));
    }),
    { numRuns: 1_000 },
  );
});

test('a header may lack a value, alone or in a list, and may be called like something that every object has', () => {
  const some = Buffer.from('some');
  const headers = { bare: null, list: [some, null], toString: some, constructor: [some, some], ['__proto__']: some };
  const { headers: read, offset } = decodeRecord(body(encodeRecord({ offsetDelta: 2, headers })), plain);
  expect(Object.entries(read)).toEqual(Object.entries(headers));
  expect(offset).toBe('9007199254740995');
});

test('a header that is undefined is none', () => {
  expect(encodeRecord({ headers: { none: undefined } }).buffer).toEqual(encodeRecord({}).buffer);
});

test('a record that is cut short, or says that it is longer than it is, is an error and no record', () => {
  const { buffer } = body(encodeRecord({ key: 'key', value: 'value', headers: { name: 'value' } }));
  for (let length = 0; length < buffer.length; length += 1) {
    expect(() => decodeRecord({ buffer: buffer.subarray(0, length) }, plain)).toThrow(
      /outside buffer bounds|out of range|ends before its fields/u,
    );
  }
});
