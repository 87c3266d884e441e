import { describe, expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { consumedRecord } from '../record.ts';
import { deadLetterRecord, type DeadLetter } from './dead-letter.ts';

const message: KafkaMessage = {
  key: Buffer.from([0xff, 0x00]),
  value: Buffer.from('{"order_id":'),
  headers: {
    ce_id: Buffer.from('order-1:order_placed:PENDING'),
    binary: Buffer.from([0xc3, 0x28]),
    twice: [Buffer.from('a'), Buffer.from('b')],
  },
  timestamp: '1699999999999',
  offset: '9007199254740993',
  attributes: 0,
};
const deadLetterOf = (change: Partial<DeadLetter> = {}): DeadLetter => ({
  record: consumedRecord('order_placed', 11, message),
  kind: 'not-json',
  attempts: 1,
  error: new SyntaxError('größer als erwartet'),
  ...change,
});

describe('a dead letter', () => {
  test('keeps key, value and headers as they were, and adds where it was, in which group, and why', () => {
    const { topic, key, value, headers } = deadLetterRecord('payment-service', deadLetterOf());
    expect(topic).toBe('payment-service.dlq');
    expect(key).toBe(message.key);
    expect(value).toBe(message.value);
    expect(headers).toEqual({
      ...message.headers,
      'x-original-topic': 'order_placed',
      'x-original-partition': '11',
      'x-original-offset': '9007199254740993',
      'x-original-timestamp': '1699999999999',
      'x-consumer-group': 'payment-service',
      'x-attempt': '1',
      'x-error-class': 'SyntaxError',
      'x-error-message': 'größer als erwartet',
      'x-error-kind': 'not-json',
    });
    for (const name of Object.keys(message.headers!)) expect(headers[name]).toBe(message.headers?.[name]);
  });

  test('of a tombstone without a key stays one', () => {
    const record = consumedRecord('order_placed', 11, { ...message, key: null, value: null, headers: {} });
    expect(deadLetterRecord('payment-service', deadLetterOf({ record }))).toMatchObject({ key: null, value: null });
  });

  test('has a reason of bounded length', () => {
    const { headers } = deadLetterRecord('g', deadLetterOf({ error: new Error('x'.repeat(100_000)) }));
    expect(headers['x-error-message']).toBe('x'.repeat(1_000));
  });
});
