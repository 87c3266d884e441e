/**
 * Kafka's record format, version 2 (https://kafka.apache.org/documentation/#record), in place of kafkajs' own. That one
 * takes a buffer of 512 bytes for each header and copies all headers of a record for each further one, which was a tenth
 * of the CPU of all services; and it fails on a header without a value, which Kafka allows and which it reads as null.
 */
type HeaderValue = Buffer | string | null;
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;

export interface RecordFields {
  readonly offsetDelta?: number;
  /** Milliseconds, less than 2 ** 52. */
  readonly timestampDelta?: number;
  readonly key?: HeaderValue;
  readonly value?: HeaderValue;
  readonly headers?: Headers;
}

/** What kafkajs takes from an encoder of its own. */
export interface EncodedRecord {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

/** What kafkajs knows of the batch that a record is read from. */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  /** 1 when the broker stamps the whole batch. */
  readonly timestampType: 0 | 1;
  readonly magicByte: number;
  readonly isControlBatch: boolean;
}

export interface DecodedRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | null | (Buffer | null)[]>;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

const sizeOfVarint = (value: number): number => {
  let bytes = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
};

const byteLength = (value: HeaderValue): number => (value === null ? -1 : Buffer.byteLength(value));
const sizeOfBytes = (length: number): number => sizeOfVarint(length) + Math.max(0, length);

/** With its length in front, as it stands in a batch. */
export function encodeRecord({
  offsetDelta = 0,
  timestampDelta = 0,
  key = null,
  value = null,
  headers = {},
}: RecordFields): EncodedRecord {
  const names: string[] = [];
  const values: HeaderValue[] = [];
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    for (const each of Array.isArray(given) ? (given as readonly HeaderValue[]) : [given as HeaderValue | undefined]) {
      if (each === undefined) continue;
      names.push(name);
      values.push(each);
    }
  }
  let size = 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfVarint(names.length);
  size += sizeOfBytes(byteLength(key)) + sizeOfBytes(byteLength(value));
  for (const name of names) size += sizeOfBytes(Buffer.byteLength(name));
  for (const each of values) size += sizeOfBytes(byteLength(each));

  const buffer = Buffer.allocUnsafe(sizeOfVarint(size) + size);
  let offset = 0;
  const writeVarint = (signed: number): void => {
    let rest = zigzag(signed);
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) buffer[offset++] = (rest % 0x80) | 0x80;
    buffer[offset++] = rest;
  };
  const writeBytes = (bytes: HeaderValue): void => {
    writeVarint(byteLength(bytes));
    if (bytes === null) return;
    offset += typeof bytes === 'string' ? buffer.write(bytes, offset) : bytes.copy(buffer, offset);
  };
  writeVarint(size);
  // The record's attributes: none is in use.
  buffer[offset++] = 0;
  writeVarint(timestampDelta);
  writeVarint(offsetDelta);
  writeBytes(key);
  writeBytes(value);
  writeVarint(names.length);
  for (let index = 0; index < names.length; index += 1) {
    writeBytes(names[index]!);
    writeBytes(values[index]!);
  }
  return { buf: buffer, buffer, size: () => buffer.length };
}

/** From kafkajs' decoder, which holds one record, without its length. Throws a RangeError when the record is cut short. */
export function decodeRecord({ buffer }: { readonly buffer: Buffer }, batchContext: BatchContext): DecodedRecord {
  const attributes = buffer.readInt8(0);
  let offset = 1;
  const readVarint = (): number => {
    let result = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = buffer.readUInt8(offset++);
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2;
    }
  };
  const endOf = (length: number): number => {
    if (offset + length > buffer.length) throw new RangeError('a record of a batch ends before its fields do');
    return offset + length;
  };
  const readBytes = (): Buffer | null => {
    const length = readVarint();
    if (length < 0) return null;
    const bytes = buffer.subarray(offset, endOf(length));
    offset += length;
    return bytes;
  };
  const readName = (): string => {
    const length = readVarint();
    const name = buffer.toString('utf8', offset, endOf(length));
    offset += length;
    return name;
  };
  const timestampDelta = readVarint();
  const offsetDelta = readVarint();
  const key = readBytes();
  const value = readBytes();
  const headers: DecodedRecord['headers'] = {};
  for (let left = readVarint(); left > 0; left -= 1) addHeader(headers, readName(), readBytes());
  const { firstOffset, firstTimestamp, maxTimestamp, timestampType, magicByte, isControlBatch } = batchContext;
  return {
    magicByte,
    attributes,
    timestamp: timestampType === 1 && maxTimestamp ? maxTimestamp : sum(firstTimestamp, timestampDelta),
    offset: sum(firstOffset, offsetDelta),
    key,
    value,
    headers,
    isControlRecord: isControlBatch,
    batchContext,
  };
}

/** A name that comes again makes a list of its values. */
function addHeader(headers: DecodedRecord['headers'], name: string, value: Buffer | null): void {
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (before !== undefined) headers[name] = Array.isArray(before) ? [...before, value] : [before, value];
  // Assigned, this one would become the object's prototype.
  else if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true, writable: true });
  else headers[name] = value;
}

function sum(int64: string, delta: number): string {
  const base = Number(int64);
  const exact = Number.isSafeInteger(base) && Number.isSafeInteger(base + delta);
  return String(exact ? base + delta : BigInt(int64) + BigInt(delta));
}
