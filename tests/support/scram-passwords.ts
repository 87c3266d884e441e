/**
 * Sets SCRAM-SHA-512 passwords of Kafka users, which kafkajs cannot: one AlterUserScramCredentials request (key 51,
 * version 0; KIP-554), as Strimzi's user operator sends it.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const [apiKey, apiVersion, correlationId] = [51, 0, 1];
const scramSha512 = 2;
const iterations = 4_096;
const limitMs = 20_000;

const int = (bytes: 1 | 2 | 4, value: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
};
/** A compact length is one more than the length; ours fit into one byte of seven bits. */
const length = (count: number): Buffer => {
  if (count > 126) throw new Error('too long for a length of one byte');
  return Buffer.from([count + 1]);
};
const bytes = (value: Buffer | string): Buffer => {
  const buffer = Buffer.from(value);
  return Buffer.concat([length(buffer.length), buffer]);
};
const noTags = Buffer.from([0]);

function requestFor(passwords: Readonly<Record<string, string>>): Buffer {
  const clientId = Buffer.from('tests');
  const upsertions = Object.entries(passwords).map(([user, password]) => {
    const salt = randomBytes(24);
    const salted = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
    return Buffer.concat([bytes(user), int(1, scramSha512), int(4, iterations), bytes(salt), bytes(salted), noTags]);
  });
  const header = [int(2, apiKey), int(2, apiVersion), int(4, correlationId), int(2, clientId.length), clientId, noTags];
  const body = [length(0), length(upsertions.length), ...upsertions, noTags];
  const request = Buffer.concat([...header, ...body]);
  return Buffer.concat([int(4, request.length), request]);
}

/** Through a listener on which the caller is a super user without a login. */
export async function setScramPasswords(port: number, passwords: Readonly<Record<string, string>>): Promise<void> {
  const response = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: limitMs }, () => socket.write(requestFor(passwords)));
    let read = Buffer.alloc(0);
    socket.on('data', (data) => {
      read = Buffer.concat([read, data]);
      if (read.length < 4 || read.length < 4 + read.readInt32BE(0)) return;
      socket.destroy();
      resolve(read.subarray(4));
    });
    socket.on('timeout', () => socket.destroy(new Error('Kafka did not respond')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('Kafka closed the connection')));
  });
  // Header (correlation id, tags), throttle time, then one result per user: name, error code, message, tags.
  let at = 4 + 1 + 4;
  const results = response[at++]! - 1;
  for (let index = 0; index < results; index += 1) {
    const name = response.subarray(at + 1, at + response[at]!).toString();
    at += response[at]!;
    const code = response.readInt16BE(at);
    at += 2;
    const message = response[at] === 0 ? '' : response.subarray(at + 1, at + response[at]!).toString();
    at += Math.max(1, response[at]!) + 1;
    if (code !== 0) throw new Error(`Kafka rejects the password of ${name}: error ${code} ${message}`);
  }
}
