/** A TCP proxy between services and an engine that can cut, delay, black-hole and half-close connections. */
import { createServer, connect, type Socket } from 'node:net';

type ProxyMode = 'pass' | 'delay' | 'black-hole' | 'refuse';

export interface TcpProxy {
  readonly port: number;
  /** `delay` adds `delayMs` to every packet; `black-hole` drops all; `refuse` resets new connections. */
  set(mode: ProxyMode, delayMs?: number): void;
  /** Resets every connection. */
  cut(): void;
  /** Closes the direction towards the engine of every connection, and leaves the other open. */
  halfClose(): void;
  stop(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** What is in flight in one direction of a connection: bytes, or the end of the stream. */
interface Packet {
  readonly bytes: Buffer | 'end';
  readonly releaseAtMs: number;
}

/** Further bytes wait in the sender's buffer. */
const maxQueuedBytes = 4 * 1024 * 1024;

/** Loopback only. The listening port has to be known before the engine starts, because brokers advertise it. */
export async function startTcpProxy(listenPort: number, targetPort: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode: ProxyMode = 'pass';
  let delayMs = 0;

  /** One queue per direction: TCP never reorders bytes, not even when a delay ends. */
  const relay = (from: Socket, to: Socket): void => {
    const queue: Packet[] = [];
    let queuedBytes = 0;
    let isBlocked = false;
    let timer: NodeJS.Timeout | undefined;

    const release = (): void => {
      clearTimeout(timer);
      while (queue.length > 0 && !isBlocked && to.writable) {
        const waitMs = queue[0]!.releaseAtMs - performance.now();
        if (waitMs > 0) {
          timer = setTimeout(release, waitMs);
          break;
        }
        const { bytes } = queue.shift()!;
        if (bytes === 'end') {
          to.end();
          continue;
        }
        queuedBytes -= bytes.length;
        isBlocked = !to.write(bytes);
      }
      if (queuedBytes < maxQueuedBytes) from.resume();
    };
    const enqueue = (bytes: Packet['bytes']): void => {
      if (mode === 'black-hole') return;
      const dueMs = performance.now() + (mode === 'delay' ? delayMs : 0);
      queue.push({ bytes, releaseAtMs: Math.max(dueMs, queue.at(-1)?.releaseAtMs ?? 0) });
      if (bytes !== 'end') queuedBytes += bytes.length;
      release();
      if (queuedBytes >= maxQueuedBytes) from.pause();
    };
    to.on('drain', () => {
      isBlocked = false;
      release();
    });
    to.on('close', () => clearTimeout(timer));
    from.on('data', enqueue);
    from.on('end', () => enqueue('end'));
    from.on('error', () => to.destroy());
    // After a clean end of the stream, the bytes in flight still arrive, and then the end.
    from.on('close', (hadError) => {
      if (hadError || !from.readableEnded) to.destroy();
    });
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const link = { client, server };
    links.add(link);
    client.setNoDelay(true);
    server.setNoDelay(true);
    relay(client, server);
    relay(server, client);
    const forget = (): void => {
      if (client.destroyed && server.destroyed) links.delete(link);
    };
    client.on('close', forget);
    server.on('close', forget);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(listenPort, '127.0.0.1', resolve);
  });

  const cut = (): void => {
    for (const { client, server } of links) {
      client.resetAndDestroy();
      server.destroy();
    }
  };
  return {
    port: listenPort,
    set(next, ms = 0) {
      // The bytes that a black hole dropped are lost, so its connections are broken permanently, as behind a real one.
      if (mode === 'black-hole' && next !== 'black-hole') cut();
      mode = next;
      delayMs = ms;
    },
    cut,
    halfClose() {
      for (const { server } of links) server.end();
    },
    async stop() {
      const closed = new Promise((resolve) => listener.close(resolve));
      cut();
      await closed;
    },
  };
}
