/** The health of the services, Kafka, MongoDB and the outboxes, and the result of the auditor. */
import type { GroupObserver } from '@order-pipeline/kafka';
import type { HealthItem } from './views.ts';

export interface HealthSources {
  /** URLs by service name. */
  readonly services: Readonly<Record<string, string>>;
  /** The services that have an outbox. */
  readonly outboxes: readonly string[];
  readonly observer: Pick<GroupObserver, 'brokers'>;
  /** Rejects when MongoDB is unreachable. */
  readonly pingMongo: () => Promise<{ readonly primary: string; readonly members: number }>;
  readonly auditMetricsUrl: string | undefined;
}

const timeoutMs = 2_000;
/** The relay normally publishes an event within milliseconds. */
const outboxLateSeconds = 10;

const item = (
  name: string,
  status: HealthItem['status'],
  summary: string,
  facts: Readonly<Record<string, string>> = {},
): HealthItem => ({ name, status, summary, facts: Object.entries(facts).map(([name, value]) => ({ name, value })) });

export async function readHealthOverview(sources: HealthSources): Promise<HealthItem[]> {
  const { services, outboxes, observer, pingMongo, auditMetricsUrl } = sources;
  return Promise.all([
    ...Object.entries(services).map(([name, url]) => serviceHealth(name, url)),
    orDown('Kafka', 'unreachable', async () => {
      const { count, clusterId } = await observer.brokers();
      return item('Kafka', 'up', count === 1 ? '1 broker' : `${count} brokers`, { cluster: clusterId });
    }),
    orDown('MongoDB', 'unreachable', async () => {
      const { primary, members } = await pingMongo();
      return item('MongoDB', 'up', members === 1 ? '1 member' : `${members} members`, { primary });
    }),
    ...outboxes.map((name) => outboxHealth(name, services[name]!)),
    auditHealth(auditMetricsUrl),
  ]);
}

interface ServiceHealth {
  readonly status: 'healthy' | 'unhealthy';
  readonly instance?: string;
  readonly uptime_seconds: number;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail?: unknown }>>;
}

function serviceHealth(name: string, url: string): Promise<HealthItem> {
  return orDown(`${name} service`, `unreachable at ${url}`, async () => {
    const { status, instance, uptime_seconds, checks } = JSON.parse(await read(`${url}/health`)) as ServiceHealth;
    const states = Object.entries(checks);
    const failing = states.filter(([, check]) => check.status !== 'up');
    return {
      name: `${name} service`,
      status: status === 'unhealthy' ? 'down' : failing.length > 0 ? 'degraded' : 'up',
      summary: failing.length === 0 ? 'ready' : failing.map(([check]) => check).join(', '),
      facts: [
        ...(instance === undefined ? [] : [{ name: 'instance', value: instance }]),
        { name: 'uptime', value: duration(uptime_seconds) },
        ...states.map(([check, { status, detail }]) => ({
          name: check,
          value: typeof detail === 'string' ? detail : status,
          status: status === 'up' ? ('up' as const) : status === 'down' ? ('down' as const) : ('degraded' as const),
        })),
      ],
    };
  });
}

function outboxHealth(name: string, url: string): Promise<HealthItem> {
  return orDown(`${name} outbox`, 'the number of pending events is unknown', async () => {
    const metrics = await read(`${url}/metrics`);
    const pending = valueOf(metrics, 'outbox_pending_documents');
    const ageSeconds = valueOf(metrics, 'outbox_oldest_age_seconds');
    return item(
      `${name} outbox`,
      ageSeconds > outboxLateSeconds ? 'degraded' : 'up',
      pending === 0 ? 'empty' : `${pending} pending`,
      { 'oldest event': `${ageSeconds.toFixed(1)} s` },
    );
  });
}

async function auditHealth(url: string | undefined): Promise<HealthItem> {
  if (url === undefined)
    return item('auditor', 'off', 'not running', { 'to enable': 'npm run audit, or AUDIT_METRICS_URL' });
  return orDown('auditor', `unreachable at ${url}`, async () => {
    const metrics = await read(url);
    const rules = samplesOf(metrics, 'audit_violations');
    if (rules.length === 0) return item('auditor', 'degraded', 'no audit has finished yet');
    const violated = rules.filter(({ value }) => value > 0);
    const [lastRun] = samplesOf(metrics, 'audit_last_run_timestamp_seconds');
    return item('auditor', violated.length === 0 ? 'up' : 'down', auditResult(violated), {
      rules: String(rules.length),
      ...(lastRun ? { 'last audit': `${duration(Math.max(0, Date.now() / 1_000 - lastRun.value))} ago` } : {}),
      ...Object.fromEntries(violated.map(({ labels, value }) => [labels['rule'] ?? 'a rule', String(value)])),
    });
  });
}

function auditResult(violated: readonly Sample[]): string {
  const violations = violated.reduce((sum, { value }) => sum + value, 0);
  if (violations === 0) return 'no violations';
  return violations === 1 ? '1 violation' : `${violations} violations`;
}

async function orDown(name: string, otherwise: string, check: () => Promise<HealthItem>): Promise<HealthItem> {
  try {
    return await check();
  } catch {
    return item(name, 'down', otherwise);
  }
}

async function read(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })).text();
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a metric in the Prometheus text format. */
export function samplesOf(metrics: string, name: string): Sample[] {
  const lines = metrics.matchAll(new RegExp(`^${name}(?:\\{([^\\n]*)\\})? (\\S+)`, 'gmu'));
  return [...lines].map(([, labels = '', value]) => ({
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/gu)].map(([, label, text]) => [label!, text!])),
    value: Number(value),
  }));
}

/** Throws when the process exports no such metric. */
function valueOf(metrics: string, name: string): number {
  const [sample] = samplesOf(metrics, name);
  if (!sample) throw new Error(`there is no metric ${name}`);
  return sample.value;
}

export function duration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ] as const;
  const unit = units.find(([size]) => seconds >= size);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]}` : `${Math.floor(seconds)} s`;
}
