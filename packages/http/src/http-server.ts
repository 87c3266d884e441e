import { createServer, type Server, type ServerResponse } from 'node:http';
import { Server as TcpServer, type AddressInfo } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type Koa from 'koa';
import type { Component } from '@order-pipeline/runtime';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Milliseconds after the linger in which requests in flight may finish; then their connections are cut. Default 5,000. */
  readonly stopTimeoutMs?: number;
  /**
   * Milliseconds after the stop begins in which a kept connection is still served, with `Connection: close`. Default 300.
   * Afterwards idle connections are cut, and a request that is sent at that moment gets no response: the longer a
   * connection was idle, the less likely that is.
   */
  readonly lingerMs?: number;
}

export interface HttpServer {
  /** Address for clients on this machine. */
  readonly url: string;
  readonly port: number;
  /** Accepts no new connection, lets requests in flight finish, closes the rest. */
  stop(): Promise<void>;
}

const quietMs = 100;
const defaultLingerMs = 300;

/** Resolves once the server listens. Rejects with an error that says what to change when it cannot bind the port. */
export async function startHttp(app: Koa, options: HttpOptions): Promise<HttpServer> {
  const { host, port, stopTimeoutMs = 5_000, lingerMs = defaultLingerMs } = options;
  const server = createServer({
    // A load balancer closes idle connections after 60 s; if we closed first, it would send a request into a closed one.
    keepAliveTimeout: 65_000,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
  });
  const inFlight = new Set<ServerResponse>();
  let stopping = false;
  server.on('request', (_request, response) => {
    if (stopping) response.shouldKeepAlive = false;
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
  });
  server.on('request', app.callback());
  await listen(server, host, port);
  const bound = (server.address() as AddressInfo).port;

  const stop = async () => {
    stopping = true;
    const startedAt = performance.now();
    let closed = false;
    // Each response from now on has `Connection: close`; a client that kept the connection would lose its next request.
    for (const response of inFlight) response.shouldKeepAlive = false;
    // Stops listening only: the HTTP server's own close would cut idle connections as well.
    TcpServer.prototype.close.call(server, () => (closed = true));
    while (!closed && performance.now() - startedAt < lingerMs) await setTimeout(10);
    // Timers run before sockets: read what has arrived before a connection counts as idle.
    await setImmediate();
    server.close();
    server.closeIdleConnections();
    let busyAt = startedAt;
    // A connection that never sent a request does not count as idle: after a short time without requests it is cut.
    while (
      !closed &&
      performance.now() - busyAt < quietMs &&
      performance.now() - startedAt < lingerMs + stopTimeoutMs
    ) {
      await setTimeout(10);
      if (inFlight.size > 0) busyAt = performance.now();
    }
    await setImmediate();
    server.closeAllConnections();
  };
  return { url: `http://${urlHost(host)}:${bound}`, port: bound, stop };
}

/** The server as a component of a lifecycle; `url` and `port` are known once it has started. */
export function httpComponent(app: Koa, options: HttpOptions): Component & Pick<HttpServer, 'url' | 'port'> {
  let server: HttpServer | undefined;
  const started = () => {
    if (server === undefined) throw new Error('the HTTP server has not started');
    return server;
  };
  return {
    name: 'http',
    async start() {
      server = await startHttp(app, options);
    },
    stop: () => server?.stop(),
    get url() {
      return started().url;
    },
    get port() {
      return started().port;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    const reasons: Record<string, string> = {
      EADDRINUSE: `Port ${port} is taken by another process: stop that process, or set PORT to a free port`,
      EACCES: `Port ${port} needs more rights than this process has: set PORT to 1024 or above`,
      EADDRNOTAVAIL: `The address ${host} does not belong to this machine: set HOST`,
    };
    throw new Error(reasons[(cause as NodeJS.ErrnoException).code ?? ''] ?? `Cannot listen on ${host}:${port}`, {
      cause,
    });
  }
  server.removeListener('error', reject);
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
