/** An HTTP proxy in front of the API server that injects the faults of networks and API servers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** `gone`: each watch fails with 410 (the version has expired); `silence`: data is dropped in both directions. */
export type Fault = 'none' | 'reset' | 'silence' | 'gone' | 429 | 500;

export interface FaultProxy {
  readonly url: string;
  /** The number of connections so far. */
  connections(): number;
  requests(): number;
  /** Method and URL of each of the last thousand requests. */
  lastRequests(): readonly string[];
  setFault(fault: Fault): Promise<void>;
  close(): Promise<void>;
}

const maxRemembered = 1_000;

interface KubeConfigJson {
  readonly clusters: readonly { cluster: { server: string; 'certificate-authority-data': string } }[];
}

export async function startFaultProxy(kubeconfig: string): Promise<FaultProxy> {
  const { cluster } = (JSON.parse(kubeconfig) as KubeConfigJson).clusters[0]!;
  const agent = new Agent({ ca: Buffer.from(cluster['certificate-authority-data'], 'base64'), keepAlive: true });
  const sockets = new Set<Socket>();
  let fault: Fault = 'none';
  let connections = 0;
  let requests = 0;
  const lastRequests: string[] = [];

  function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { host: _, ...headers } = incoming.headers;
    const upstream = request(new URL(incoming.url!, cluster.server), { method: incoming.method, headers, agent });
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      // Events of open watches are dropped, too, during a silence.
      response.on('data', (data: Buffer) => fault === 'silence' || outgoing.write(data));
      response.on('end', () => fault === 'silence' || outgoing.end());
      response.on('error', () => outgoing.destroy());
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }

  const server = createServer((incoming, outgoing) => {
    requests += 1;
    lastRequests.push(`${incoming.method} ${incoming.url}`);
    if (lastRequests.length > maxRemembered) lastRequests.shift();
    if (fault === 'silence') return;
    if (fault === 'reset') return void incoming.socket.resetAndDestroy();
    const isWatch = incoming.url!.includes('watch=true');
    if (fault === 'gone' && isWatch) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      outgoing.writeHead(200, { 'content-type': 'application/json' });
      outgoing.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    if (typeof fault === 'number') {
      outgoing.writeHead(fault, { 'content-type': 'text/plain', 'retry-after': '1' });
      outgoing.end('unavailable');
      return;
    }
    forward(incoming, outgoing);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    requests: () => requests,
    lastRequests: () => lastRequests,
    async setFault(next) {
      // It affects open watches, too, except for a silence, which is not signalled.
      if (next !== 'none' && next !== 'silence') for (const socket of sockets) socket.resetAndDestroy();
      // After a silence the connections that it affected stay broken, as behind a firewall that has lost their state.
      fault = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
