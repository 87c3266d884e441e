import { createServer } from 'node:net';
import { SetupError } from './setup-error.ts';

/**
 * Below the range from which the kernel takes the source ports of outgoing connections (32768 on Linux, 49152 on
 * macOS). From inside that range, a client that reconnects while its broker is down could occupy the broker's port.
 */
const lowest = 15_000;
const highest = 32_000;
const maxTries = 50;

const handedOut = new Set<number>();

/** A port on the loopback interface that nothing listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new SetupError(`No free port found between ${lowest} and ${highest}; end some of the servers that run here.`);
}

export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
