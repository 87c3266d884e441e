/** The metrics of an auditor that runs continuously, and the HTTP server that exposes them to Prometheus. */
import { createApp, startHttp, type HttpServer } from '@order-pipeline/http';
import { Counter, createLogger, Gauge, Health, Registry } from '@order-pipeline/runtime';
import { ToolError } from '../command-line.ts';
import type { AuditResult } from './audit.ts';

export interface AuditMetrics {
  readonly registry: Registry;
  record(result: AuditResult): void;
  /** An audit produced no result. */
  recordFailure(): void;
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
    help: 'When the last audit that produced a result began.',
    registers,
  });
  const seconds = new Gauge({ name: 'audit_duration_seconds', help: 'Duration of the last audit.', registers });
  const failures = new Counter({
    name: 'audit_failures_total',
    help: 'Audits that produced no result, because Kafka or MongoDB could not be read.',
    registers,
  });
  return {
    registry,
    record(result) {
      for (const rule of result.rules) violations.set({ rule: rule.id }, rule.violations);
      lastRun.set(Date.parse(result.startedAt) / 1_000);
      seconds.set(result.tookMs / 1_000);
    },
    recordFailure: () => failures.inc(),
  };
}

/**
 * Serves /metrics and the probes. The auditor stays ready in an outage of Kafka or MongoDB: its metrics show the outage.
 * Port 0 takes a free port. Throws a ToolError when the port cannot be used.
 */
export async function serveMetrics(metrics: Registry, port: number, host: string): Promise<HttpServer> {
  const logger = createLogger({ service: 'auditor', level: 'silent' });
  const app = createApp({ service: 'auditor', routes: [], health: new Health(), metrics, logger });
  try {
    return await startHttp(app, { host, port });
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new ToolError(`Port ${port} cannot be used (${reason}); choose another --metrics-port.`);
  }
}
