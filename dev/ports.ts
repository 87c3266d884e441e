import { connect, createServer } from 'node:net';
import { SetupError } from './setup-error.ts';

/**
 * Below the range from which the kernel takes the source ports of outgoing connections (32768 on Linux, 49152 on
 * macOS). From inside that range, a client that reconnects while its broker is down could occupy the broker's port.
 */
const ports = { lowest: 15_000, highest: 32_000 };
const maxTries = 50;

/**
 * Test files that run side by side draw from parts of their own: a port that one has just been given, or whose server it
 * has stopped for a while, is free to all who look.
 */
const worker = process.env.JEST_WORKER_ID;
const parts = 4;
const { lowest, highest } = worker === undefined ? ports : partOf(Number(worker) % parts);

function partOf(part: number): typeof ports {
  const size = Math.floor((ports.highest - ports.lowest) / parts);
  return { lowest: ports.lowest + part * size, highest: ports.lowest + (part + 1) * size };
}

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

/**
 * Whether a server could listen on that port, on any of these addresses: "localhost" may mean each of them, and some
 * systems let one server have 127.0.0.1 while another has all addresses.
 */
export async function isFree(
  port: number,
  hosts: readonly string[] = ['127.0.0.1', '0.0.0.0', '::'],
): Promise<boolean> {
  for (const host of hosts) {
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      // Any other error says that the address is not of this machine (no IPv6), and so takes nobody's place.
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (!free) return false;
  }
  return true;
}

/** Whether something accepts connections on this port of the loopback interface. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}

/** What the variable of the environment says, or else the usual port. Throws a SetupError when it says no port. */
export function portOf(variable: string, usual: number): number {
  const text = process.env[variable];
  if (text === undefined || text === '') return usual;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SetupError(`${variable}=${text} is no port; set it to a number from 1 to 65535, or unset it.`);
  }
  return port;
}
