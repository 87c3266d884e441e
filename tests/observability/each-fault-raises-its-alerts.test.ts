/**
 * A real Prometheus scrapes the running services with the shipped rules, whose durations are divided by thirty. Each fault
 * raises its alerts, and they clear after the faults. The test awaits only these alerts: on a busy machine orders do ship
 * late, and other alerts are justified.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Partitioners } from 'kafkajs';
import { fastClock } from '../../monitoring/clock.ts';
import { dashboards } from '../../monitoring/dashboards.ts';
import { ruleGroups } from '../../monitoring/rules.ts';
import { environment } from '../../dev/service-environment.ts';
import { Replica } from '../../dev/service-replica.ts';
import { auditTool } from '../../tools/src/audit/tool.ts';
import { eventually } from '../support/eventually.ts';
import { postJson, putJson } from '../support/http.ts';
import { articleOrder } from '../support/orders.ts';
import { startLimitMs, usePipeline } from '../support/pipeline.ts';
import { startTool, type StartedTool } from '../tools/run-tool.ts';
import { filledIn, metricNamesOf } from './metric-names.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { serveScalerMetrics, type ScalerMetrics } from './scaler-metrics.ts';

const speed = 30;
const alertLimitMs = 90_000;
const placeEveryMs = 100;

/** Long enough that orders which a busy machine delays are not stuck. */
const own = { ORDER_STUCK_AFTER_MS: '5000', ORDER_STUCK_CHECK_MS: '500' };
const on = usePipeline({ env: own });

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-test-'));
const rules = ruleGroups(fastClock(speed));
let prometheus: Prometheus;
let scaler: ScalerMetrics;

const stopping = new AbortController();
let auditing: StartedTool;
let placing: Promise<void>;

/** Places orders until the test stops, whatever the responses. */
async function keepPlacing(): Promise<void> {
  for (let number = 0; !stopping.signal.aborted; number += 1) {
    const item = { product_id: 'PLENTY', quantity: 1, price: 12.34 };
    const order = { ...articleOrder, items: [item], total_amount: item.price, customer_id: `CUST-${number}` };
    await postJson(on.url('order', '/orders'), order).catch(() => undefined);
    await pause(placeEveryMs);
  }
}

beforeAll(async () => {
  await putJson(on.url('inventory', '/inventory/PLENTY'), { quantity: 1_000_000, price: 12.34 });
  const often = ['--every', '1s', '--younger-than', '5m', '--recheck-after', '100ms', '--metrics-port', '0'];
  auditing = startTool(on, auditTool, stopping.signal, ...often);
  const auditor = await eventually(() => new URL(/http\S+/.exec(auditing.err[0] ?? '')![0]).host);
  scaler = await serveScalerMetrics();
  const services = Object.values(on.pipeline.services).flat();
  prometheus = await startPrometheus({
    dir,
    rules: { groups: rules },
    targets: {
      services: services.map(({ port }) => `127.0.0.1:${port}`),
      auditor: [auditor],
      scaler: [scaler.target],
    },
    everySeconds: 1,
  });
  placing = keepPlacing();
}, startLimitMs);
afterAll(async () => {
  stopping.abort();
  scaler?.stop();
  await Promise.all([placing, auditing?.ended, prometheus?.stop()]);
  rmSync(dir, { recursive: true, force: true });
}, startLimitMs);

type Labels = Readonly<Record<string, string>>;
const raised: Labels[] = [];
const firing = async (): Promise<Labels[]> => (await prometheus.firing()).map(({ labels }) => labels);

async function untilFiring(alertname: string, labels: Labels = {}): Promise<void> {
  const alert = { alertname, ...labels };
  await eventually(async () => expect(await firing()).toContainEqual(expect.objectContaining(alert)), alertLimitMs);
  raised.push(alert);
}

const untilClear = (alert: Labels): Promise<void> =>
  eventually(async () => expect(await firing()).not.toContainEqual(expect.objectContaining(alert)), alertLimitMs);

const ofFaults = [
  'DeadLettersArrive',
  'AuditFoundViolation',
  'AuditorNotRunning',
  'ScalerInFallback',
  'ScalerIneffective',
  'ScalerNotRunning',
  'ConsumerNotPolling',
  'GatewayFailing',
];

test('without a fault orders ship, and no alert of a fault fires', async () => {
  const consumed = 'rate(events_consumed_total{service="shipment"}[10s]) > 0';
  await eventually(async () => expect(await prometheus.everHadValue(consumed)).toBe(true), alertLimitMs);
  for (const alertname of ofFaults) await untilClear({ alertname });
});

describe('an alert fires for', () => {
  test('a bad record', async () => {
    const producer = on.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: 'order_placed', messages: [{ key: 'bad', value: 'not JSON' }] });
    await producer.disconnect();
    await untilFiring('DeadLettersArrive', { service: 'payment', topic: 'order_placed', kind: 'not-json' });
  });

  test('a consistency violation', async () => {
    const stock = on.mongo.db('inventory_db').collection<{ _id: string }>('inventory');
    await stock.updateOne({ _id: 'P003' }, { $inc: { quantity: 1 } });
    await untilFiring('AuditFoundViolation', { rule: 'stock-balances' });
    await stock.updateOne({ _id: 'P003' }, { $inc: { quantity: -1 } });
  });

  test('a lag that the scaler cannot read', async () => {
    scaler.disconnectKafka();
    await untilFiring('ScalerInFallback', { namespace: 'shop', name: 'payment' });
    scaler.reconnectKafka();
  });

  test('replicas that do not help', async () => {
    scaler.limitThroughput();
    await untilFiring('ScalerIneffective', { namespace: 'shop', name: 'payment' });
    scaler.removeLimit();
  });

  test('a killed consumer', async () => {
    await on.pipeline.services.payment[0]!.kill();
    await untilFiring('ConsumerNotPolling', { consumer_group: 'payment-service', topic: 'order_placed' });
    await untilFiring('OrdersStuck', { consumer_group: 'payment-service', topic: 'order_placed' });
  });

  test('a failing payment gateway', async () => {
    const payment = on.pipeline.services.payment[0]!;
    const { bootstrapServers, mongoUri } = on.pipeline;
    const settings = { service: 'payment', number: 1, port: payment.port, bootstrapServers, mongoUri } as const;
    const failing = new Replica({
      ...settings,
      colour: 0,
      env: environment({ ...settings, replicas: [], own: { ...own, PAYMENT_GATEWAY_FAILURE_RATE: '1' } }),
      main: 'services/payment/src/main.ts',
      output: { logDir: dir },
      restart: false,
      print: () => {},
    });
    await failing.start();
    try {
      await untilFiring('GatewayFailing');
      await untilFiring('ConsumerInOutage', { service: 'payment' });
      await untilFiring('LagAgeGrowing', { service: 'payment' });
    } finally {
      await failing.stop();
    }
    await payment.start();
  });
});

test('after the faults each of these alerts clears', async () => {
  expect(raised).toHaveLength(9);
  for (const alert of raised) await untilClear(alert);
});

test('every metric that a rule or a dashboard names exists', async () => {
  const seen = await prometheus.metricNames();
  const panels = dashboards.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
  const expressions = [...rules.flatMap(({ rules }) => rules), ...panels.flatMap(({ targets }) => targets)];
  const named = new Set(expressions.flatMap(({ expr }) => metricNamesOf(expr)));
  expect(named.size).toBeGreaterThan(50);
  expect([...named].filter((name) => !seen.has(name))).toEqual([]);
  expect(seen.has('no_such_metric')).toBe(false);
});

test.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
  '%s: each panel has data',
  async (_, { rows }) => {
    const empty: string[] = [];
    for (const { expr } of rows.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets))) {
      if (!(await prometheus.everHadValue(filledIn(expr, '10s')))) empty.push(expr);
    }
    expect(empty).toEqual([]);
  },
);
