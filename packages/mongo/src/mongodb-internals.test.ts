import { createRequire } from 'node:module';
import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { failWritesToClosedConnections } from './mongodb-internals.ts';

interface Connection {
  onClose(): void;
  writeCommand(command: object, options: object): Promise<void>;
}

const require = createRequire(import.meta.url);
const { Connection } = require('mongodb/lib/cmap/connection.js') as {
  Connection: new (stream: Duplex, options: object) => Connection;
};
const unpatched = Connection.prototype.onClose;
failWritesToClosedConnections();

/** Takes nothing: each write to it waits for a `drain` that never comes. */
const fullSocket = () => new Duplex({ highWaterMark: 0, read() {}, write() {} });
const command = { toBin: async () => [new Uint8Array(16)] };

/** The driver's connection over a socket that closes while a command is being written. */
async function writeWhileClosing(): Promise<'pending' | Error> {
  const socket = fullSocket();
  const connection = new Connection(socket, { id: 1, generation: 0, monitorCommands: false });
  const written = connection.writeCommand(command, { agreedCompressor: 'none' }).then(
    () => new Error('written'),
    (error: Error) => error,
  );
  await new Promise(setImmediate);
  socket.destroy();
  await new Promise((resolve) => socket.once('close', resolve));
  const pending = new Promise<'pending'>((resolve) => setImmediate(resolve, 'pending'));
  return Promise.race([written, pending]);
}

test('pins the version whose private parts are changed', () => {
  expect((require('mongodb/package.json') as { version: string }).version).toBe('7.9.0');
});

test('fails a write that waits on a connection that closes', async () => {
  expect(await writeWhileClosing()).toMatchObject({
    name: 'MongoNetworkError',
    message: expect.stringContaining('closed'),
  });
});

test('is still needed: the driver alone leaves the write pending', async () => {
  const patched = Connection.prototype.onClose;
  Connection.prototype.onClose = unpatched;
  try {
    expect(await writeWhileClosing()).toBe('pending');
  } finally {
    Connection.prototype.onClose = patched;
  }
});
