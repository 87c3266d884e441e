import { describe, expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import {
  originalRecord,
  parseDeadLetterId,
  planResolution,
  readDeadLetter,
  resolutionKey,
  subjectOf,
} from './stored-dead-letter.ts';

const message = (headers: KafkaMessage['headers'] = {}): KafkaMessage => ({
  key: Buffer.from('order-1'),
  value: Buffer.from([0xff, 0x00, 0x7b]),
  timestamp: '1700000000000',
  offset: '12',
  attributes: 0,
  headers: {
    ce_id: Buffer.from('order-1:order_placed:PENDING'),
    'x-original-topic': Buffer.from('order_placed'),
    'x-original-partition': Buffer.from('3'),
    'x-original-offset': Buffer.from('77'),
    'x-original-timestamp': Buffer.from('1699999999999'),
    'x-consumer-group': Buffer.from('payment-service'),
    'x-attempt': Buffer.from('3'),
    'x-error-class': Buffer.from('TypeError'),
    'x-error-message': Buffer.from('größer'),
    'x-error-kind': Buffer.from('handler'),
    ...headers,
  },
});
const deadLetter = readDeadLetter('payment-service', 0, message());

describe('an id', () => {
  test('is what list prints and redrive takes', () => {
    expect(deadLetter.id).toBe('payment-service/0/12');
    expect(parseDeadLetterId(deadLetter.id)).toEqual({ group: 'payment-service', partition: 0, offset: 12n });
  });

  test.each([
    'payment-service',
    'payment-service/0',
    'no-group/0/1',
    'payment-service/0/-1',
    'payment-service/x/1',
    '',
  ])('is not %j', (text) => expect(parseDeadLetterId(text)).toBeUndefined());

  test('becomes the key of the resolution, by topic, partition and offset', () => {
    expect(resolutionKey(deadLetter)).toBe('payment-service.dlq-0-12');
  });
});

test('a dead letter says where it came from and why, also beyond ASCII', () => {
  expect(deadLetter).toMatchObject({
    originalTopic: 'order_placed',
    originalPartition: 3,
    originalOffset: '77',
    attempts: 3,
    kind: 'handler',
    errorClass: 'TypeError',
    errorMessage: 'größer',
    deadLetteredAt: '2023-11-14T22:13:20.000Z',
  });
  expect(subjectOf(deadLetter)).toBe('order-1');
});

test('what is redriven has the key, the value and the headers that it had, and none of ours', () => {
  const traced = readDeadLetter(
    'payment-service',
    0,
    message({ 'x-request-id': ['a', 'b'], traceparent: '00-1-2-00' }),
  );
  expect(originalRecord(traced)).toEqual({
    topic: 'order_placed',
    key: Buffer.from('order-1'),
    value: Buffer.from([0xff, 0x00, 0x7b]),
    headers: {
      ce_id: Buffer.from('order-1:order_placed:PENDING'),
      'x-request-id': ['a', 'b'],
      traceparent: '00-1-2-00',
    },
  });
});

describe('a decision', () => {
  const resolution = { action: 'redriven', time: '2026-01-01T00:00:00.000Z', by: 'ada' } as const;

  test('is carried out once', () => {
    expect(planResolution(deadLetter, 'redriven', undefined)).toEqual({ step: 'do' });
    expect(planResolution(deadLetter, 'discarded', undefined)).toEqual({ step: 'do' });
  });

  test.each(['redriven', 'discarded'] as const)('to have it %s changes nothing where one was made before', (action) => {
    expect(planResolution(deadLetter, action, resolution)).toEqual({
      step: 'nothing',
      why: 'was redriven on 2026-01-01T00:00:00.000Z by ada',
    });
  });

  test('to redrive is refused for a topic that the group does not consume, or that is not named', () => {
    const stray = readDeadLetter('payment-service', 0, message({ 'x-original-topic': 'payment_processed' }));
    expect(planResolution(stray, 'redriven', undefined)).toMatchObject({ step: 'refuse' });
    const foreign = readDeadLetter('payment-service', 0, message({ 'x-original-topic': '__consumer_offsets' }));
    expect(planResolution(foreign, 'redriven', undefined)).toMatchObject({ step: 'refuse' });
    const nameless = readDeadLetter('payment-service', 0, message({ 'x-original-topic': undefined }));
    expect(planResolution(nameless, 'redriven', undefined)).toMatchObject({ step: 'refuse' });
    expect(planResolution(nameless, 'discarded', undefined)).toEqual({ step: 'do' });
  });
});
