/** Guarantee 6: a bad record blocks no other. It is dead-lettered unchanged; the rest of its batch is processed. */
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { deadLetterTopic, type PipelineEvent } from '@order-pipeline/events';
import type { Handler, OutgoingRecord } from '@order-pipeline/kafka';
import { useKafka } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { committedLag, deadLetters, header, readTopic } from '../support/kafka-reader.ts';
import { inputTopic, newInput, newInputs, orderIds, outcomeOf, topicsFor, useMembers } from '../support/members.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const kafka = useKafka(topicsFor('malformed', 'failing', 'large', 'silent', 'compressed'));
const members = useMembers(kafka);

const untilCaughtUp = (group: string): Promise<void> =>
  eventually(async () => expect(await committedLag(kafka.client, group, [inputTopic])).toBe(0));

/** Dead-letters the bad records of the other tests for this group as well, and returns how many there are. */
async function skipOtherTests(group: string): Promise<number> {
  await members.skipToEnd(group);
  return (await deadLetters(kafka.client, group)).length;
}

/** All records with the same key are in the partition of the events with that key. */
const record = (
  key: Buffer | string | null,
  value: Buffer | string | null,
  headers: OutgoingRecord['headers'] = {},
) => ({
  topic: inputTopic,
  key,
  value,
  headers,
});
const asRecord = (event: PipelineEvent): OutgoingRecord => record(event.data.order_id, JSON.stringify(event.data));

test('dead-letters malformed records in the middle of a batch byte for byte, and processes the others', async () => {
  const group = 'malformed';
  const earlier = await skipOtherTests(group);
  const before = newInputs(10);
  const after = newInputs(10);
  const binary = Buffer.from([0x00, 0xff, 0x80, 0xc3, 0x28, 0x0a]);
  const malformed = [
    record(binary, Buffer.from([0xff, 0xfe, 0x7b, 0x00]), {
      ce_id: 'binary',
      bytes: binary,
      twice: [Buffer.from('first'), binary, Buffer.alloc(0)],
      empty: Buffer.alloc(0),
      none: null,
      'some or none': [null, Buffer.from('some'), null],
      'naïve ключ': 'ü',
    }),
    record('no value', null, { ce_id: 'no value' }),
    record(null, 'no key', { ce_id: 'no key' }),
    record('', '', { ce_id: 'empty' }),
    record('not the schema', '{"order_id": 42, "status": "?"}', { ce_id: 'schema', 'x-attempt': 'mine' }),
  ];
  await members.publisher.send([...before.map(asRecord), ...malformed, ...after.map(asRecord)]);

  const seen: string[] = [];
  const member = members.start({
    group,
    handler: async (events) => {
      seen.push(...events.map(({ event }) => event.data.order_id));
      return [];
    },
  });
  await untilCaughtUp(group);
  expect(new Set(seen)).toEqual(new Set(orderIds([...before, ...after])));

  const sources = await readTopic(kafka.client, inputTopic);
  const records = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(records).toHaveLength(malformed.length);
  for (const { key, value, headers } of malformed) {
    const { message: deadLetter } = records.find(({ message }) => header(message, 'ce_id') === headers.ce_id)!;
    const { message: source, partition } = sources.find(({ message }) => header(message, 'ce_id') === headers.ce_id)!;
    // The topic holds what was sent …
    expect([source.key, source.value]).toEqual([bytes(key), bytes(value)]);
    expect(source.headers).toEqual(bytesOf(headers));
    // … and the queue holds the same, with the error.
    expect([deadLetter.key, deadLetter.value]).toEqual([bytes(key), bytes(value)]);
    expect(deadLetter.headers).toEqual({
      ...bytesOf(headers),
      ...bytesOf({
        'x-original-topic': inputTopic,
        'x-original-partition': String(partition),
        'x-original-offset': source.offset,
        'x-original-timestamp': source.timestamp,
        'x-consumer-group': group,
        'x-attempt': '1',
        'x-error-class': 'InvalidEventError',
        'x-error-kind': headers.ce_id === 'schema' ? 'schema' : 'not-json',
      }),
      'x-error-message': expect.any(Buffer),
    });
  }
  expect(await counted(member, 'schema')).toBe(1);
  expect(await counted(member, 'not-json')).toBe(4);
});

test('dead-letters an event after three failed attempts, and processes the others', async () => {
  const group = 'failing';
  const earlier = await skipOtherTests(group);
  const inputs = newInputs(60);
  const failing = inputs[30]!.data.order_id;
  await members.publisher.publish(inputs);
  const processed: string[] = [];
  let attemptsAlone = 0;
  const handler: Handler = async (events) => {
    const ids = events.map(({ event }) => event.data.order_id);
    if (ids.length === 1 && ids[0] === failing) attemptsAlone += 1;
    if (ids.includes(failing)) throw new RangeError('the handler fails');
    processed.push(...ids);
    return ids.map(outcomeOf);
  };
  const member = members.start({ group, handler, settings: { maxAttempts: 3 } });
  await untilCaughtUp(group);
  expect(processed.toSorted()).toEqual(orderIds(inputs.filter(({ data }) => data.order_id !== failing)).toSorted());
  expect(attemptsAlone).toBe(3);
  const records = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(records.map(({ message }) => message.key?.toString())).toEqual([failing]);
  const { message } = records[0]!;
  expect(message.value!.toString()).toBe(JSON.stringify(inputs[30]!.data));
  expect({
    attempts: header(message, 'x-attempt'),
    kind: header(message, 'x-error-kind'),
    error: header(message, 'x-error-class'),
    message: header(message, 'x-error-message'),
  }).toEqual({ attempts: '3', kind: 'handler', error: 'RangeError', message: 'the handler fails' });
  expect(await counted(member, 'handler')).toBe(1);
});

test('dead-letters an event whose outcome is not a valid event', async () => {
  const group = 'silent';
  const earlier = await skipOtherTests(group);
  const [good, bad] = [newInput(), newInput()];
  await members.publisher.publish([good, bad]);
  members.start({
    group,
    handler: async (events) =>
      events.map(({ event: { data } }) =>
        outcomeOf(data.order_id === bad.data.order_id ? 'not a uuid' : data.order_id),
      ),
  });
  await untilCaughtUp(group);
  const records = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(records.map(({ message }) => message.key?.toString())).toEqual([bad.data.order_id]);
});

test('dead-letters records of a megabyte, however many there are in one batch', async () => {
  const group = 'large';
  const earlier = await skipOtherTests(group);
  const large = Array.from({ length: 6 }, (_, index) => record(`large-${index}`, Buffer.alloc(1_000_000, index)));
  await members.publisher.send(large);
  const good = newInput();
  await members.publisher.publish([good]);
  const seen: string[] = [];
  members.start({
    group,
    handler: async (events) => {
      seen.push(...events.map(({ event }) => event.data.order_id));
      return [];
    },
  });
  await untilCaughtUp(group);
  expect(seen).toEqual([good.data.order_id]);
  const records = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(new Set(records.map(({ message }) => message.key?.toString()))).toEqual(new Set(large.map(({ key }) => key)));
  for (const { message } of records) expect(message.value).toHaveLength(1_000_000);

  // The dead letters of a batch are sent together, and together they exceed what their topic accepts in one record batch.
  const sent = records.map(({ message: { key, value } }) => ({ ...record(key, value), topic: deadLetterTopic(group) }));
  const offsets = await members.publisher.send(sent);
  expect(offsets.map(({ partition }) => partition)).toEqual(sent.map(() => 0));
  expect(await deadLetters(kafka.client, group)).toHaveLength(earlier + 2 * large.length);
});

test('the broker decompresses the records of other producers, and rejects those over the limit', async () => {
  const group = 'compressed';
  const earlier = await skipOtherTests(group);
  // A codec that other producers may use, and that kafkajs cannot read.
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
    decompress: () => Promise.reject(new Error('it arrived compressed')),
  });
  const producer = kafka.client.producer();
  await producer.connect();
  const send = (value: Buffer | string) =>
    producer.send({ topic: inputTopic, compression: CompressionTypes.ZSTD, messages: [{ key: 'zstd', value }] });
  const good = newInput();
  await send(JSON.stringify(good.data));
  await send('compressed bad record');
  await expect(send(Buffer.alloc(5_000_000))).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  await producer.disconnect();

  const seen: string[] = [];
  const member = members.start({
    group,
    handler: async (events) => {
      seen.push(...events.map(({ event }) => event.data.order_id));
      return [];
    },
  });
  await untilCaughtUp(group);
  expect(member.fatal).toEqual([]);
  expect(seen).toEqual([good.data.order_id]);
  const records = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(records.map(({ message }) => message.value?.toString())).toEqual(['compressed bad record']);
});

const bytes = (value: Buffer | string | null): Buffer | null => (value === null ? null : Buffer.from(value));
const bytesOf = (headers: OutgoingRecord['headers']): object =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(bytes) : bytes(value as string),
    ]),
  );

async function counted(member: { readonly metrics: { readonly deadLettered: { get(): Promise<any> } } }, kind: string) {
  const { values } = await member.metrics.deadLettered.get();
  return values.find(({ labels }: any) => labels.kind === kind && labels.topic === inputTopic)?.value ?? 0;
}
