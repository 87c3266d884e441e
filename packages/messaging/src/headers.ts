/**
 * Kafka allows a header without a value. kafkajs reads it as null, and fails when it is to write one: a stand-in takes its
 * place up to the encoder, which is taught to write null for it. (None and an empty value take equally many bytes, so the
 * sizes that are added up beforehand stay right.)
 */
import { createRequire } from 'node:module';
import type { Message } from 'kafkajs';

type Value = Buffer | string | null;
export type Headers = Readonly<Record<string, Value | readonly Value[] | undefined>>;

interface Encoder {
  writeVarIntBytes(value: Value): this;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/protocol/encoder.js') as { prototype: Encoder };
const { writeVarIntBytes } = prototype;
const none = Buffer.alloc(0);
prototype.writeVarIntBytes = function (value) {
  return writeVarIntBytes.call(this, value === none ? null : value) as typeof this;
};

/** The headers as kafkajs can write them. */
export function writableHeaders(headers: Headers): NonNullable<Message['headers']> {
  if (!Object.values(headers).some(lacksValue)) return headers as NonNullable<Message['headers']>;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isList(value) ? value.map(writable) : writable(value)]),
  );
}

const isList = (value: Value | readonly Value[] | undefined): value is readonly Value[] => Array.isArray(value);
const lacksValue = (value: Headers[string]): boolean => (isList(value) ? value.includes(null) : value === null);
const writable = (value: Value | undefined): Buffer | string => value ?? none;
