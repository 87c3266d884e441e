/**
 * The one place that reaches into private parts of the driver (7.9.0). An operation that begins while its connection is
 * being closed never ends there: the driver finds the socket destroyed, takes that for a full buffer, and waits for it to
 * drain; none of its time-outs bounds that wait. Here the end of the connection fails such an operation, like any other
 * that has lost its connection.
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

/** For every connection of this process; call it once. */
export function failWritesToClosedConnections(): void {
  const { onClose } = prototype;
  prototype.onClose = function () {
    onClose.call(this);
    // The wait for `drain` also ends with an error of the socket.
    if (this.socket.listenerCount('drain') > 0) this.socket.emit('error', this.error);
  };
}
