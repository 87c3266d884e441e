/** A TCP proxy between services and an engine that can cut, delay, black-hole and half-close what passes through it. */
import { createServer, connect, type Socket } from 'node:net';

export type ProxyMode = 'pass' | 'delay' | 'black-hole' | 'refuse';

export interface TcpProxy {
  readonly port: number;
  /** `delay` adds `delayMs` to every packet; `black-hole` swallows all; `refuse` ends new connections at once. */
  set(mode: ProxyMode, delayMs?: number): void;
  /** Ends every connection with a reset. */
  cut(): void;
  /** Ends the direction towards the engine of every connection, and leaves the other open. */
  halfClose(): void;
  stop(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** Loopback only. The listening port has to be known before the engine starts, because brokers advertise it. */
export async function startTcpProxy(listenPort: number, targetPort: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode: ProxyMode = 'pass';
  let delayMs = 0;

  const relay = (from: Socket, to: Socket): void => {
    from.on('data', (bytes) => {
      if (mode === 'black-hole') return;
      const send = (): void => {
        if (!to.writable) return;
        if (to.write(bytes)) return;
        from.pause();
        to.once('drain', () => from.resume());
      };
      // Timers of equal length fire in order, so delayed packets keep theirs.
      if (mode === 'delay') setTimeout(send, delayMs);
      else send();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
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
    client.on('close', () => links.delete(link));
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
      // What a black hole swallowed never comes: such connections are broken for good, as behind a real one.
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
