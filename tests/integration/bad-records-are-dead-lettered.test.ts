/** Promise 6: a bad message stops nobody. It goes to the dead-letter queue as it came; what came with it is worked off. */
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
const kafka = useKafka(topicsFor('malformed', 'failing', 'hefty', 'silent', 'compressed'));
const members = useMembers(kafka);

const untilCaughtUp = (group: string): Promise<void> =>
  eventually(async () => expect(await committedLag(kafka.client, group, [inputTopic])).toBe(0));

/** The poison of the other tests is dead-lettered for this group as well: answers how many letters that makes. */
async function skipWhatOthersLeft(group: string): Promise<number> {
  await members.skipToEnd(group);
  return (await deadLetters(kafka.client, group)).length;
}

/** Every message whose key this is comes to lie in the partition of the events that are keyed alike. */
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

test('malformed messages in the middle of a batch are dead-lettered byte for byte, and the others worked off', async () => {
  const group = 'malformed';
  const earlier = await skipWhatOthersLeft(group);
  const before = newInputs(10);
  const behind = newInputs(10);
  const binary = Buffer.from([0x00, 0xff, 0x80, 0xc3, 0x28, 0x0a]);
  const poison = [
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
  await members.publisher.send([...before.map(asRecord), ...poison, ...behind.map(asRecord)]);

  const seen: string[] = [];
  const member = members.start({
    group,
    handler: async (events) => {
      seen.push(...events.map(({ event }) => event.data.order_id));
      return [];
    },
  });
  await untilCaughtUp(group);
  expect(new Set(seen)).toEqual(new Set(orderIds([...before, ...behind])));

  const sources = await readTopic(kafka.client, inputTopic);
  const letters = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(letters).toHaveLength(poison.length);
  for (const { key, value, headers } of poison) {
    const { message: letter } = letters.find(({ message }) => header(message, 'ce_id') === headers.ce_id)!;
    const { message: source, partition } = sources.find(({ message }) => header(message, 'ce_id') === headers.ce_id)!;
    // What lies in the topic is what was meant to be sent …
    expect([source.key, source.value]).toEqual([bytes(key), bytes(value)]);
    expect(source.headers).toEqual(bytesOf(headers));
    // … and what lies in the queue is the same, and why.
    expect([letter.key, letter.value]).toEqual([bytes(key), bytes(value)]);
    expect(letter.headers).toEqual({
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

test('an event on which the handler fails alone is tried three times, then dead-lettered; the others are worked off', async () => {
  const group = 'failing';
  const earlier = await skipWhatOthersLeft(group);
  const inputs = newInputs(60);
  const cursed = inputs[30]!.data.order_id;
  await members.publisher.publish(inputs);
  const done: string[] = [];
  let alone = 0;
  const handler: Handler = async (events) => {
    const ids = events.map(({ event }) => event.data.order_id);
    if (ids.length === 1 && ids[0] === cursed) alone += 1;
    if (ids.includes(cursed)) throw new RangeError('it does not work out');
    done.push(...ids);
    return ids.map(outcomeOf);
  };
  const member = members.start({ group, handler, settings: { maxAttempts: 3 } });
  await untilCaughtUp(group);
  expect(done.toSorted()).toEqual(orderIds(inputs.filter(({ data }) => data.order_id !== cursed)).toSorted());
  expect(alone).toBe(3);
  const letters = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(letters.map(({ message }) => message.key?.toString())).toEqual([cursed]);
  const { message } = letters[0]!;
  expect(message.value!.toString()).toBe(JSON.stringify(inputs[30]!.data));
  expect({
    attempts: header(message, 'x-attempt'),
    kind: header(message, 'x-error-kind'),
    error: header(message, 'x-error-class'),
    says: header(message, 'x-error-message'),
  }).toEqual({ attempts: '3', kind: 'handler', error: 'RangeError', says: 'it does not work out' });
  expect(await counted(member, 'handler')).toBe(1);
});

test('an event whose outcome would be no event is treated as one on which the handler fails', async () => {
  const group = 'silent';
  const earlier = await skipWhatOthersLeft(group);
  const [good, bad] = [newInput(), newInput()];
  await members.publisher.publish([good, bad]);
  members.start({
    group,
    handler: async (events) =>
      events.map(({ event: { data } }) => outcomeOf(data.order_id === bad.data.order_id ? 'no uuid' : data.order_id)),
  });
  await untilCaughtUp(group);
  const letters = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(letters.map(({ message }) => message.key?.toString())).toEqual([bad.data.order_id]);
});

test('messages of a megabyte are dead-lettered like any other, however many there are at once', async () => {
  const group = 'hefty';
  const earlier = await skipWhatOthersLeft(group);
  const hefty = Array.from({ length: 6 }, (_, index) => record(`hefty-${index}`, Buffer.alloc(1_000_000, index)));
  await members.publisher.send(hefty);
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
  const letters = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(new Set(letters.map(({ message }) => message.key?.toString()))).toEqual(new Set(hefty.map(({ key }) => key)));
  for (const { message } of letters) expect(message.value).toHaveLength(1_000_000);

  // A chunk's dead letters go out together, and together they are more than their topic takes in one batch.
  const sent = letters.map(({ message: { key, value } }) => ({ ...record(key, value), topic: deadLetterTopic(group) }));
  const places = await members.publisher.send(sent);
  expect(places.map(({ partition }) => partition)).toEqual(sent.map(() => 0));
  expect(await deadLetters(kafka.client, group)).toHaveLength(earlier + 2 * hefty.length);
});

test('what another producer compressed reaches the members uncompressed, and within the limit', async () => {
  const group = 'compressed';
  const earlier = await skipWhatOthersLeft(group);
  // A method that a producer of another language may use, and that kafkajs could not read.
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
  await send('compressed poison');
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
  const letters = (await deadLetters(kafka.client, group)).slice(earlier);
  expect(letters.map(({ message }) => message.value?.toString())).toEqual(['compressed poison']);
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
