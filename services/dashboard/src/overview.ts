/** How everything is: the services as they answer, Kafka, MongoDB, the outboxes, and the auditor's verdict. */
import type { GroupObserver } from '@order-pipeline/kafka';
import type { HealthItem } from './views.ts';

export interface OverviewSources {
  /** Addresses by service name. */
  readonly services: Readonly<Record<string, string>>;
  /** Those of the services that have an outbox. */
  readonly outboxes: readonly string[];
  readonly observer: Pick<GroupObserver, 'brokers'>;
  /** Rejects when MongoDB is away. */
  readonly pingMongo: () => Promise<{ readonly primary: string; readonly members: number }>;
  readonly auditMetricsUrl: string | undefined;
}

const limitMs = 2_000;
/** An event normally leaves the outbox within milliseconds. */
const outboxLateSeconds = 10;

export async function readOverview(sources: OverviewSources): Promise<HealthItem[]> {
  const { services, outboxes, observer, pingMongo, auditMetricsUrl } = sources;
  return Promise.all([
    ...Object.entries(services).map(([name, url]) => serviceHealth(name, url)),
    orDown('Kafka', 'does not answer', async () => {
      const { count, clusterId } = await observer.brokers();
      return item('Kafka', 'up', count === 1 ? '1 broker' : `${count} brokers`, { cluster: clusterId });
    }),
    orDown('MongoDB', 'does not answer', async () => {
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

const serviceHealth = (name: string, url: string): Promise<HealthItem> =>
  orDown(`${name} service`, `does not answer at ${url}`, async () => {
    const { status, instance, uptime_seconds, checks } = JSON.parse(await read(`${url}/health`)) as ServiceHealth;
    const states = Object.entries(checks);
    const troubles = states.filter(([, check]) => check.status !== 'up');
    return {
      name: `${name} service`,
      status: status === 'unhealthy' ? 'down' : troubles.length > 0 ? 'degraded' : 'up',
      summary: troubles.length === 0 ? 'serves' : troubles.map(([check]) => check).join(', '),
      facts: [
        ...(instance === undefined ? [] : [{ name: 'instance', value: instance }]),
        { name: 'up for', value: duration(uptime_seconds) },
        ...states.map(([check, { status, detail }]) => ({
          name: check,
          value: typeof detail === 'string' ? detail : status,
          status: status === 'up' ? ('up' as const) : status === 'down' ? ('down' as const) : ('degraded' as const),
        })),
      ],
    };
  });

const outboxHealth = (name: string, url: string): Promise<HealthItem> =>
  orDown(`${name} outbox`, 'its depth is not known', async () => {
    const metrics = await read(`${url}/metrics`);
    const pending = valueOf(metrics, 'outbox_pending_documents');
    const ageSeconds = valueOf(metrics, 'outbox_oldest_age_seconds');
    return item(
      `${name} outbox`,
      ageSeconds > outboxLateSeconds ? 'degraded' : 'up',
      pending === 0 ? 'empty' : `${pending} waiting`,
      { 'oldest event': `${ageSeconds.toFixed(1)} s` },
    );
  });

async function auditHealth(url: string | undefined): Promise<HealthItem> {
  if (url === undefined)
    return item('auditor', 'off', 'not running', { remedy: 'npm run audit, or AUDIT_METRICS_URL' });
  return orDown('auditor', `does not answer at ${url}`, async () => {
    const metrics = await read(url);
    const rules = samplesOf(metrics, 'audit_violations');
    if (rules.length === 0) return item('auditor', 'degraded', 'has not finished an audit yet');
    const broken = rules.filter(({ value }) => value > 0);
    const [lastRun] = samplesOf(metrics, 'audit_last_run_timestamp_seconds');
    return item('auditor', broken.length === 0 ? 'up' : 'down', verdict(broken), {
      rules: String(rules.length),
      ...(lastRun ? { 'last audit': `${duration(Math.max(0, Date.now() / 1_000 - lastRun.value))} ago` } : {}),
      ...Object.fromEntries(broken.map(({ labels, value }) => [labels['rule'] ?? 'a rule', String(value)])),
    });
  });
}

function verdict(broken: readonly Sample[]): string {
  const violations = broken.reduce((sum, { value }) => sum + value, 0);
  if (violations === 0) return 'the books balance';
  return violations === 1 ? '1 violation' : `${violations} violations`;
}

async function orDown(name: string, otherwise: string, look: () => Promise<HealthItem>): Promise<HealthItem> {
  try {
    return await look();
  } catch {
    return item(name, 'down', otherwise);
  }
}

const item = (
  name: string,
  status: HealthItem['status'],
  summary: string,
  facts: Readonly<Record<string, string>> = {},
): HealthItem => ({ name, status, summary, facts: Object.entries(facts).map(([name, value]) => ({ name, value })) });

async function read(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(limitMs), redirect: 'error' })).text();
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The series of a metric in the Prometheus text format. */
export function samplesOf(metrics: string, name: string): Sample[] {
  const lines = metrics.matchAll(new RegExp(`^${name}(?:\\{([^\\n]*)\\})? (\\S+)`, 'gmu'));
  return [...lines].map(([, labels = '', value]) => ({
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/gu)].map(([, label, text]) => [label!, text!])),
    value: Number(value),
  }));
}

/** Throws when the process has no such metric. */
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
