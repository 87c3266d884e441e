import { connect, createServer } from 'node:net';
import { SetupError } from './setup-error.ts';

/**
 * Below the range from which the kernel takes the source ports of outgoing connections (32768 on Linux, 49152 on
 * macOS). From inside that range, a client that reconnects while its broker is down could occupy the broker's port.
 */
const ports = { lowest: 15_000, highest: 32_000 };
const maxTries = 50;

/**
 * Test files that run in parallel draw from ranges of their own: a port that one of them has reserved, or whose server it
 * has stopped for a while, looks free to the others.
 */
const worker = process.env.JEST_WORKER_ID;
const parts = 4;
const { lowest, highest } = worker === undefined ? ports : partOf(Number(worker) % parts);

function partOf(part: number): typeof ports {
  const size = Math.floor((ports.highest - ports.lowest) / parts);
  return { lowest: ports.lowest + part * size, highest: ports.lowest + (part + 1) * size };
}

const reserved = new Set<number>();

/** A port of the loopback interface on which no process listens, and which this process has not reserved before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (reserved.has(port) || !(await isFree(port))) continue;
    reserved.add(port);
    return port;
  }
  throw new SetupError(
    `No free port found between ${lowest} and ${highest}; stop some of the servers on this machine.`,
  );
}

/**
 * Whether a server could listen on that port on each of these addresses: "localhost" may resolve to any of them, and some
 * systems let one server listen on 127.0.0.1 while another listens on all addresses.
 */
export async function isFree(
  port: number,
  hosts: readonly string[] = ['127.0.0.1', '0.0.0.0', '::'],
): Promise<boolean> {
  for (const host of hosts) {
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      // Any other error means that the machine has no such address (no IPv6), so no server uses the port there.
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (!free) return false;
  }
  return true;
}

/** Whether a server accepts connections on this port of the loopback interface. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}

/** The port that the environment variable names, or the default. Throws a SetupError when it names no port. */
export function portOf(variable: string, defaultPort: number): number {
  const text = process.env[variable];
  if (text === undefined || text === '') return defaultPort;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SetupError(`${variable}=${text} is no port; set it to a number from 1 to 65535, or unset it.`);
  }
  return port;
}
