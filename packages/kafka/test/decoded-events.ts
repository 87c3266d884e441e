/** Decoded events for tests of the middleware, numbered by their offsets. */
import { encodeEvent, sampleEvents } from '@order-pipeline/events';
import type { DecodedEvent } from '../src/consumer/handler.ts';
import { consumedRecord, type ConsumedRecord } from '../src/record.ts';

const { placed } = sampleEvents();

export const sampleRecord = (offset: number, traceparent?: string): ConsumedRecord =>
  consumedRecord(placed.type, 0, {
    key: Buffer.from(placed.data.order_id),
    value: Buffer.from(encodeEvent(placed).value),
    headers: traceparent === undefined ? {} : { traceparent: Buffer.from(traceparent) },
    offset: String(offset),
    timestamp: '1716033600000',
    attributes: 0,
  });

export const decodedEvents = (count: number): DecodedEvent[] =>
  Array.from({ length: count }, (_, offset) => {
    const record = sampleRecord(offset);
    return { event: placed, topic: record.topic, partition: 0, offset: String(offset), record };
  });

export const neverAborted = new AbortController().signal;
