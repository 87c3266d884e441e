/** The options of `npm run audit`: one audit, or an audit at intervals. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  parseArguments,
  parseCount,
  parseDurationMs,
  usageError,
  type ExitCode,
  type Terminal,
  type Tool,
} from '../command-line.ts';
import { connectMongo, openDatabases } from '../databases.ts';
import { connectKafka } from '../kafka-connection.ts';
import { audit, type AuditResult } from './audit.ts';
import type { AuditOptions } from './audit-run.ts';
import { createAuditMetrics, serveMetrics } from './metrics.ts';
import { jsonReport, progressLine, report } from './report.ts';
import { rules } from './rules.ts';

const usage = `npm run audit [-- options]      Reads all databases and topics, and checks that nothing is lost and nothing duplicated.

  --younger-than <time>    age limit: what is younger may be in flight and is no violation (default 5m)
  --recheck-after <time>   check a possible violation again after that time, and count it only then (default 5s)
  --every <time>           audit at intervals until it is stopped: wait that long between two audits
  --metrics-port <port>    with --every: serve /metrics for Prometheus on that port
  --json                   print JSON; with --every, one line per audit
  --help

  A time is a number with ms, s, m, h or d. The audit writes nothing and may run beside a busy pipeline: it reads
  documents page by page, and its memory does not grow with the number of orders.

  Rules:
${rules.map(({ id, sentence }) => `    ${id.padEnd(29)}${sentence}`).join('\n')}

  Exit code: 0 no violation, 1 a violation, 2 error. With --every: 0 when it is stopped, 2 for an error at the start.
  Environment: KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI and the other KAFKA_… and MONGODB_… settings of the services; HOST,
  the address that /metrics listens on (default: all).
  If they are not set, the audit uses the engines that npm start runs (by its data folder .data), otherwise those on the
  default ports.
`;

const options = {
  'younger-than': { type: 'string', default: '5m' },
  'recheck-after': { type: 'string', default: '5s' },
  every: { type: 'string' },
  'metrics-port': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Settings = Pick<AuditOptions, 'youngerThanMs' | 'recheckAfterMs'>;

export const auditTool: Tool = async (args, terminal): Promise<ExitCode> => {
  const { values, positionals } = parseArguments('audit', args, options);
  if (values.help) {
    terminal.print(usage.trimEnd());
    return 0;
  }
  if (positionals.length > 0) {
    throw usageError('audit', `${positionals[0]} is not expected; there are options only.`);
  }
  const settings: Settings = {
    youngerThanMs: parseDurationMs('audit', '--younger-than', values['younger-than']),
    recheckAfterMs: parseDurationMs('audit', '--recheck-after', values['recheck-after']),
  };
  const intervals = parseIntervals(values);
  if (intervals) return auditAtIntervals(terminal, settings, intervals);
  const result = await auditOnce(terminal, settings);
  if (values.json) terminal.print(JSON.stringify(jsonReport(result), null, 2));
  else for (const line of report(result)) terminal.print(line);
  return result.violations === 0 ? 0 : 1;
};

interface Intervals {
  readonly everyMs: number;
  readonly port: number | undefined;
  readonly json: boolean;
}

function parseIntervals(values: {
  every?: string | undefined;
  'metrics-port'?: string | undefined;
  json: boolean;
}): Intervals | undefined {
  const { every, 'metrics-port': port, json } = values;
  if (every === undefined) {
    if (port !== undefined) throw usageError('audit', '--metrics-port needs --every.');
    return undefined;
  }
  return {
    everyMs: parseDurationMs('audit', '--every', every),
    port: port === undefined ? undefined : parseCount('audit', '--metrics-port', port, { min: 0, max: 65_535 }),
    json,
  };
}

async function auditOnce(terminal: Terminal, settings: Settings): Promise<AuditResult> {
  const mongo = await connectMongo(terminal);
  try {
    const kafka = await connectKafka(terminal);
    try {
      return await audit(openDatabases(mongo), kafka, {
        ...settings,
        signal: terminal.signal,
        onProgress: (source, done, total) => terminal.progress?.(progressLine(source, done, total)),
      });
    } finally {
      terminal.progress?.('');
      await kafka.close();
    }
  } finally {
    await mongo.close();
  }
}

/** Connects again for each audit, so that it recovers from an outage. */
async function auditAtIntervals(
  terminal: Terminal,
  settings: Settings,
  { everyMs, port, json }: Intervals,
): Promise<ExitCode> {
  const { signal } = terminal;
  const metrics = createAuditMetrics();
  const host = terminal.env['HOST'] ?? '0.0.0.0';
  const server = port === undefined ? undefined : await serveMetrics(metrics.registry, port, host);
  if (server) terminal.note(`Metrics at ${server.url}/metrics`);
  try {
    while (!signal.aborted) {
      try {
        const result = await auditOnce(terminal, settings);
        metrics.record(result);
        const text = report(result).filter((line) => !line.startsWith('ok ') && line !== '');
        for (const line of json ? [JSON.stringify(jsonReport(result))] : text) terminal.print(line);
      } catch (error) {
        if (signal.aborted) break;
        metrics.recordFailure();
        terminal.note(`The audit produced no result: ${(error as Error).message}`);
      }
      await pause(everyMs, undefined, { signal }).catch(() => undefined);
    }
    return 0;
  } finally {
    await server?.stop();
  }
}
