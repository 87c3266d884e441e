import { beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@order-pipeline/runtime';
import { KubeError } from './api-client.ts';
import { EventRecorder } from './event-recorder.ts';
import { TestApi } from '../../test/test-api.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const about = { apiVersion: 'x/v1', kind: 'ConsumerScaler', metadata: { name: 'web', namespace: 'shop', uid: 'u' } };
let api: TestApi;
let events: EventRecorder;
let nowMs: number;
beforeEach(() => {
  api = new TestApi();
  nowMs = 1_000_000;
  events = new EventRecorder(api, 'one', logger, () => nowMs);
});
const record = (message = 'no broker responds') => events.record(about, 'Warning', 'LagUnknown', message);
const written = () => [...api.objects.values()] as unknown as { message: string; count: number; reason: string }[];

test('an Event names the resource, the reason and the reporting instance', async () => {
  await record();
  expect(written()).toMatchObject([
    {
      metadata: { namespace: 'shop' },
      involvedObject: { kind: 'ConsumerScaler', name: 'web', uid: 'u' },
      type: 'Warning',
      reason: 'LagUnknown',
      message: 'no broker responds',
      count: 1,
      reportingInstance: 'one',
    },
  ]);
});

test('a repeated Event is counted, at most once a minute, and not created again', async () => {
  for (let times = 0; times < 100; times++) await record();
  expect(api.requests).toHaveLength(1);
  nowMs += 60_000;
  await record();
  expect(written().map(({ count }) => count)).toEqual([101]);
  expect(api.requests).toHaveLength(2);
});

test('another message is another Event', async () => {
  await record();
  await record('there is no such topic');
  expect(written().map(({ message }) => message)).toEqual(['no broker responds', 'there is no such topic']);
});

test('an Event that has expired is created again', async () => {
  await record();
  api.objects.clear();
  nowMs += 60_000;
  await record();
  expect(written()).toHaveLength(0);
  await record();
  expect(written()).toMatchObject([{ count: 1 }]);
});

test('the name of an Event is valid wherever a long name is cut', async () => {
  for (const name of [`${'a'.repeat(199)}-b`, `${'a'.repeat(199)}.b`, 'web']) {
    await events.record({ ...about, metadata: { ...about.metadata, name, uid: name } }, 'Normal', 'ScaledUp', 'up');
  }
  expect(written()).toHaveLength(3);
});

test('an error response of the API server is not an error of the caller', async () => {
  api.fault = () => new KubeError(403, 'forbidden');
  await record();
  api.fault = () => undefined;
  await record();
  expect(written()).toHaveLength(1);
});
