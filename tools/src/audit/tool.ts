/** What `npm run audit` takes, once or again and again. */
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
import { connectKafka, connectMongo } from '../connections.ts';
import { openDatabases } from '../databases.ts';
import { audit, rules, type AuditOptions, type AuditResult } from './audit.ts';
import { createAuditMetrics, serveMetrics } from './metrics.ts';
import { progressLine, report } from './report.ts';

export const usage = `npm run audit [-- options]      Reads all databases and topics, and checks that nothing is lost and nothing doubled.

  --younger-than <time>    what is younger may be on its way and is no violation (default 5m)
  --recheck-after <time>   what looks wrong is looked at again after that time, and counts only then (default 5s)
  --every <time>           audit again and again, each so long after the one before, until it is stopped
  --metrics-port <port>    with --every: serve /metrics there for Prometheus
  --json                   for programs; with --every, one line for each audit
  --help

  A time is a number with ms, s, m, h or d. The audit writes nothing and runs beside a busy pipeline: it takes
  documents by the page, and its memory does not grow with the number of orders.

  Rules:
${rules.map(({ id, sentence }) => `    ${id.padEnd(29)}${sentence}`).join('\n')}

  Exit code: 0 no violation, 1 a violation, 2 error. With --every: 0 when it is stopped, 2 error at the start.
  Environment: KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI and the other KAFKA_… and MONGODB_… settings of the services; HOST,
  the address of /metrics (default: all).
  Unset, the engines that npm start runs are found by its data folder .data; otherwise those on the usual ports.
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
  const wrong = (sentence: string) => usageError('audit', sentence);
  if (positionals.length > 0) throw wrong(`${positionals[0]} is not expected; there are options only.`);
  const settings: Settings = {
    youngerThanMs: parseDurationMs('audit', '--younger-than', values['younger-than']),
    recheckAfterMs: parseDurationMs('audit', '--recheck-after', values['recheck-after']),
  };
  const everyMs = values.every === undefined ? undefined : parseDurationMs('audit', '--every', values.every);
  const metricsPort = values['metrics-port'];
  if (metricsPort !== undefined && everyMs === undefined) throw wrong('--metrics-port goes with --every.');
  if (everyMs !== undefined) {
    const port =
      metricsPort === undefined
        ? undefined
        : parseCount('audit', '--metrics-port', metricsPort, { min: 0, max: 65_535 });
    return auditForever(terminal, settings, { everyMs, port, json: values.json });
  }
  const result = await auditOnce(terminal, settings);
  if (values.json) terminal.print(JSON.stringify(result, null, 2));
  else for (const line of report(result)) terminal.print(line);
  return result.violations === 0 ? 0 : 1;
};

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

interface Forever {
  readonly everyMs: number;
  readonly port: number | undefined;
  readonly json: boolean;
}

/** Connects anew each time: what was away at one audit may be back at the next. */
async function auditForever(
  terminal: Terminal,
  settings: Settings,
  { everyMs, port, json }: Forever,
): Promise<ExitCode> {
  const { signal } = terminal;
  const metrics = createAuditMetrics();
  const server = port === undefined ? undefined : await serveMetrics(metrics.registry, port, terminal.env['HOST']);
  if (server) terminal.note(`Metrics at http://localhost:${server.port}/metrics`);
  try {
    while (!signal.aborted) {
      try {
        const result = await auditOnce(terminal, settings);
        metrics.note(result);
        const text = report(result).filter((line) => !line.startsWith('ok ') && line !== '');
        for (const line of json ? [JSON.stringify(result)] : text) terminal.print(line);
      } catch (error) {
        if (signal.aborted) break;
        metrics.noteFailure();
        terminal.note(`The audit came to no result: ${(error as Error).message}`);
      }
      await pause(everyMs, undefined, { signal }).catch(() => undefined);
    }
    return 0;
  } finally {
    await server?.close();
  }
}
