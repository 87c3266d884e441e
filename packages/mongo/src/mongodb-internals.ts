/**
 * The driver (7.9.0) waits for ever on an operation that begins while its connection is being closed: it finds the socket
 * gone, takes that for a full one, and waits for it to drain. No time-out of the driver's ends that. Here the connection's
 * end is told to whoever waits for its socket, and the operation fails like any other that lost its connection.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  readonly error: Error | null;
  onClose(): void;
}

const { prototype } = (
  createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as { Connection: { prototype: Connection } }
).Connection;

/** For every connection of this process; to be called once. */
export function tellWhoWaitsForClosedConnections(): void {
  const { onClose } = prototype;
  prototype.onClose = function () {
    onClose.call(this);
    if (this.socket.listenerCount('drain') > 0) this.socket.emit('error', this.error);
  };
}
