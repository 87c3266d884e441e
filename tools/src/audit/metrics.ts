/** The long-running auditor's metrics, and the port where Prometheus finds them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { ToolError } from '../command-line.ts';
import type { AuditResult } from './audit.ts';

export interface AuditMetrics {
  readonly registry: Registry;
  note(result: AuditResult): void;
  /** An audit that came to no result. */
  noteFailure(): void;
}

export function createAuditMetrics(): AuditMetrics {
  const registry = new Registry();
  const registers = [registry];
  const violations = new Gauge({
    name: 'audit_violations',
    help: 'Violations that the last audit found, by rule.',
    labelNames: ['rule'],
    registers,
  });
  const lastRun = new Gauge({
    name: 'audit_last_run_timestamp_seconds',
    help: 'When the last audit that came to a result began.',
    registers,
  });
  const seconds = new Gauge({ name: 'audit_duration_seconds', help: 'How long the last audit took.', registers });
  const failures = new Counter({
    name: 'audit_failures_total',
    help: 'Audits that came to no result, because Kafka or MongoDB could not be read.',
    registers,
  });
  return {
    registry,
    note(result) {
      for (const rule of result.rules) violations.set({ rule: rule.id }, rule.violations);
      lastRun.set(Date.parse(result.startedAt) / 1_000);
      seconds.set(result.tookMs / 1_000);
    },
    noteFailure: () => failures.inc(),
  };
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves /metrics, on all addresses or the given one; port 0 takes a free one. */
export async function serveMetrics(registry: Registry, port: number, host?: string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    // What is away is waited out here, too: the process is well, and what it knows is in the metrics.
    if (request.url === '/livez' || request.url === '/readyz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
      return;
    }
    if (request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The metrics are at /metrics.\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen({ port, ...(host && { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ToolError(`Port ${port} cannot be used (${(error as Error).message}); choose another --metrics-port.`);
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
