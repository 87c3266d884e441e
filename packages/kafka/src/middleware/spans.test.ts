import { expect, test } from '@jest/globals';
import type { BatchSpans, MessageSpans, SentRecord, TracedRecord } from '@order-pipeline/tracing';
import { neverAborted, sampleRecord } from '../../test/decoded-events.ts';
import type { ProcessBatch, ProcessedBatch } from '../consumer/batch.ts';
import type { OutgoingRecord } from '../record.ts';
import { withSpans } from './spans.ts';

const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const spanOf = (index: number): string => `00-0af7651916cd43dd8448eb211c80319c-000000000000000${index + 1}-01`;
const outcome: OutgoingRecord = { topic: 'outcomes', key: 'order', value: '{}', headers: { traceparent: spanOf(0) } };
const nothing: ProcessedBatch = { published: { records: [], places: [], sinceMs: 0 }, deadLetters: [] };

/** Notes every call. */
function recordingSpans() {
  const begun: (readonly TracedRecord[])[] = [];
  const calls: unknown[][] = [];
  const batch: BatchSpans = {
    traceparentOf: spanOf,
    failed: (index, error) => void calls.push(['failed', index, error]),
    sent: (records: readonly SentRecord[]) => void calls.push(['sent', ...records]),
    end: (...error) => void calls.push(['end', ...error]),
  };
  const spans: MessageSpans = {
    begin(records) {
      begun.push(records);
      return batch;
    },
    sent() {},
  };
  return { spans, begun, calls };
}

test('is no middleware at all where tracing is off', () => {
  const next: ProcessBatch = async () => nothing;
  expect(withSpans(undefined, next)).toBe(next);
});

test("begins a span under each record's trace, which what follows from the record continues", async () => {
  const { spans, begun } = recordingSpans();
  const seen: (string | undefined)[] = [];
  const next: ProcessBatch = async ({ records }) => {
    seen.push(...records.map(({ traceparent }) => traceparent));
    return nothing;
  };
  await withSpans(spans, next)({ records: [sampleRecord(7, caller), sampleRecord(8)], signal: neverAborted });
  expect(begun[0]).toMatchObject([
    { topic: 'order_placed', partition: 0, offset: '7', timestamp: '1716033600000', traceparent: caller },
    { offset: '8', traceparent: undefined },
  ]);
  expect(seen).toEqual([spanOf(0), spanOf(1)]);
});

test('notes what was sent and what failed, then ends the spans', async () => {
  const { spans, calls } = recordingSpans();
  const error = new TypeError('no decision');
  const published = { records: [outcome], places: [{ partition: 3, offset: '9' }], sinceMs: 1_000 };
  const next: ProcessBatch = async ({ records }) => ({
    published,
    deadLetters: [{ record: records[1]!, kind: 'handler', attempts: 3, error }],
  });
  await withSpans(spans, next)({ records: [sampleRecord(0), sampleRecord(1)], signal: neverAborted });
  expect(calls).toEqual([
    ['sent', { topic: 'outcomes', key: 'order', traceparent: spanOf(0), partition: 3, offset: '9', sinceMs: 1_000 }],
    ['failed', 1, error],
    ['end'],
  ]);
});

test('ends the spans of a batch that fails with its error', async () => {
  const { spans, calls } = recordingSpans();
  const error = new Error('the membership is lost');
  const traced = withSpans(spans, () => Promise.reject(error));
  await expect(traced({ records: [sampleRecord(0)], signal: neverAborted })).rejects.toBe(error);
  expect(calls).toEqual([['end', error]]);
});
