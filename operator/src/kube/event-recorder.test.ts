import { beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { KubeError } from './api-client.ts';
import { createEventRecorder, type EventRecorder } from './event-recorder.ts';
import { TestApi } from '../../test/test-api.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const about = { apiVersion: 'x/v1', kind: 'ConsumerScaler', metadata: { name: 'web', namespace: 'shop', uid: 'u' } };
let api: TestApi;
let events: EventRecorder;
let nowMs: number;
beforeEach(() => {
  api = new TestApi();
  nowMs = 1_000_000;
  events = createEventRecorder(api, 'one', logger, () => nowMs);
});
const lost = (message = 'nobody answers') => events.record(about, 'Warning', 'LagUnknown', message);
const written = () => [...api.objects.values()] as unknown as { message: string; count: number; reason: string }[];

test('an Event names the resource, the reason and who tells', async () => {
  await lost();
  expect(written()).toMatchObject([
    {
      metadata: { namespace: 'shop' },
      involvedObject: { kind: 'ConsumerScaler', name: 'web', uid: 'u' },
      type: 'Warning',
      reason: 'LagUnknown',
      message: 'nobody answers',
      count: 1,
      reportingInstance: 'one',
    },
  ]);
});

test('the same one again is counted, written at most once a minute, and never twice', async () => {
  for (let times = 0; times < 100; times++) await lost();
  expect(api.requests).toHaveLength(1);
  nowMs += 60_000;
  await lost();
  expect(written().map(({ count }) => count)).toEqual([101]);
  expect(api.requests).toHaveLength(2);
});

test('another sentence is another Event', async () => {
  await lost();
  await lost('there is no such topic');
  expect(written().map(({ message }) => message)).toEqual(['nobody answers', 'there is no such topic']);
});

test('one that has expired meanwhile is written anew', async () => {
  await lost();
  api.objects.clear();
  nowMs += 60_000;
  await lost();
  expect(written()).toHaveLength(0);
  await lost();
  expect(written()).toMatchObject([{ count: 1 }]);
});

test('the name of an Event is valid wherever a long name is cut', async () => {
  for (const name of [`${'a'.repeat(199)}-b`, `${'a'.repeat(199)}.b`, 'web']) {
    await events.record({ ...about, metadata: { ...about.metadata, name, uid: name } }, 'Normal', 'ScaledUp', 'up');
  }
  expect(written()).toHaveLength(3);
});

test('an API server that refuses them stops nobody', async () => {
  api.fault = () => new KubeError(403, 'forbidden');
  await lost();
  api.fault = () => undefined;
  await lost();
  expect(written()).toHaveLength(1);
});
