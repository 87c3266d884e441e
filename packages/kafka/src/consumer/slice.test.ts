import { expect, test } from '@jest/globals';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { nextOffsets, recordsOf, sizeOf, type Slice } from './slice.ts';

const message = (offset: string, headers: KafkaMessage['headers'] = {}): KafkaMessage => ({
  key: null,
  value: null,
  timestamp: '0',
  attributes: 0,
  offset,
  headers,
});
const slice = (topic: string, partition: number, ...messages: KafkaMessage[]): Slice => ({
  payload: { batch: { topic, partition } } as EachBatchPayload,
  messages,
});
const slices = [
  slice('order_placed', 0, message('4'), message('6')),
  slice('order_cancelled', 0, message('0')),
  // Larger than a number can hold exactly.
  slice('order_placed', 11, message('9007199254740993')),
];

test('commits the offset after the last record of each partition', () => {
  expect(nextOffsets(slices)).toEqual([
    {
      topic: 'order_placed',
      partitions: [
        { partition: 0, offset: '7' },
        { partition: 11, offset: '9007199254740994' },
      ],
    },
    { topic: 'order_cancelled', partitions: [{ partition: 0, offset: '1' }] },
  ]);
});

test('keeps the records of each partition in order, with their places', () => {
  expect(recordsOf(slices).map((record) => [record.topic, record.partition, record.message.offset])).toEqual([
    ['order_placed', 0, '4'],
    ['order_placed', 0, '6'],
    ['order_cancelled', 0, '0'],
    ['order_placed', 11, '9007199254740993'],
  ]);
  expect(slices.map(sizeOf)).toEqual([2, 1, 1]);
});

test('takes the trace of a record from its header, the first where there are several, none where it has no value', () => {
  const traces = recordsOf([
    slice(
      'order_placed',
      0,
      message('0', { traceparent: Buffer.from('one') }),
      message('1', { traceparent: [Buffer.from('first'), Buffer.from('second')] }),
      message('2', { traceparent: null } as unknown as KafkaMessage['headers']),
      message('3'),
    ),
  ]);
  expect(traces.map(({ traceparent }) => traceparent)).toEqual(['one', 'first', undefined, undefined]);
});
