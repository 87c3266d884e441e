/** The closed loop: the operator and its target run as pods, as the charts install them. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { everyService, services } from '@order-pipeline/events';
import { waitFor } from '../../../dev/wait-for.ts';
import { drainedAt, predictBurst, type Burst } from '../../../operator/sim/burst.ts';
import { candidates } from '../../../operator/src/decide/assignment.ts';
import { fewestReplicas } from '../../../operator/src/decide/demand.ts';
import { defaultSpec, type ScalerStatus } from '../../../operator/src/decide/resource.ts';
import { repository } from '../../manifests/render.ts';
import { getJson } from '../../support/http.ts';
import { articleOrder, placeOrder } from '../../support/orders.ts';
import { auditClean } from '../support/audit.ts';
import { asKafkaAdmin } from '../support/clients.ts';
import { get, helm, kubectl, namespace, portForward } from '../support/kubectl.ts';
import { reconcileKafka } from '../support/operators.ts';
import { releaseValues, scalerValues } from '../support/set-up.ts';
import { joinSeconds, monitorGroup, pauseSeconds } from './group-monitor.ts';
import { applyScalerCrd, kind } from './operator-environment.ts';

const limitMs = 900_000;
jest.setTimeout(limitMs);
// Times are compared with a simulation: one retry, with the logged error, in case the machine was busy otherwise.
jest.retryTimes(1, { logErrorsBeforeRetry: true });
const orders = 1_500;
const clients = 30;
const workMs = 50;
const objective = { maxAgeSeconds: 30, drainSeconds: 90 };
const pace = { pollSeconds: 2, behavior: { scaleDownWindowSeconds: 30, settleSeconds: 6 } };
/** The default of its chart: further replicas would have no partition of the largest topic. */
const maxReplicas = 12;
const { consumerGroup, consumes } = services.payment;
const partitions = 12 * consumes.length;

// A batch is a second of work: a member rejoins its group only when the batch in flight is processed.
const config = { PAYMENT_WORK_MS: workMs, PAYMENT_CONCURRENCY: 1, CONSUMER_MAX_BATCH: 1_000 / workMs };

const upgrade = async (...values: readonly string[]): Promise<void> => {
  await helm('upgrade', 'order-pipeline', join(repository, 'helm/order-pipeline'), ...releaseValues(), ...values);
  await reconcileKafka();
  for (const name of ['payment', 'dashboard']) {
    await kubectl('rollout', 'status', `deployment/${name}`, '--timeout=180s');
  }
};

beforeAll(async () => {
  await applyScalerCrd();
  await upgrade(
    ...scalerValues('payment', { objective, ...pace }),
    '--set-json',
    `payment.config=${JSON.stringify(config)}`,
  );
  await kubectl('rollout', 'status', 'deployment/consumer-scaler', '--timeout=180s');
}, limitMs);
afterAll(() => upgrade(), limitMs);

interface StatusSample {
  readonly atSeconds: number;
  readonly status: Partial<ScalerStatus>;
}

/** The replicas that a status requires if its lag and arrivals are spread evenly over the partitions. */
function neededFor({ lag, arrivalPerSecond, capacityPerReplicaPerSecond, rebalanceSeconds, ...status }: ScalerStatus) {
  const partition = {
    topic: 'records',
    lag: (lag?.messages ?? 0) / partitions,
    arrivalPerSecond: (arrivalPerSecond ?? 0) / partitions,
  };
  const demand = {
    partitions: Array.from({ length: partitions }, () => partition),
    capacityPerSecond: capacityPerReplicaPerSecond ?? 0,
    drainSeconds: objective.drainSeconds,
    utilization: defaultSpec.objective.targetUtilizationPercent / 100,
    rebalanceSeconds,
    assignor: 'RoundRobinAssigner',
    membersPerReplica: 1,
  };
  return fewestReplicas(demand, status.lastDecision.from, maxReplicas);
}

interface StatusWatch extends Disposable {
  /** Each change of the replicas or the reason, and a sample every ten seconds. */
  readonly timeline: readonly StatusSample[];
  latest(): Partial<ScalerStatus>;
}

/** Watches the status of the resource, so that no status is missed, however soon it is replaced. */
function watchStatus(seconds: () => number): StatusWatch {
  const timeline: StatusSample[] = [];
  let latest: Partial<ScalerStatus> = {};
  const statuses = ['--output', 'jsonpath={.status}{"\\n"}'];
  const child = spawn('kubectl', ['--namespace', namespace, 'get', kind, 'payment', '--watch', ...statuses], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    latest = JSON.parse(line) as Partial<ScalerStatus>;
    const atSeconds = Math.round(seconds());
    const last = timeline.at(-1);
    const { replicas, lag, lastDecision } = latest;
    const isNew = last?.status.replicas !== replicas || last?.status.lastDecision?.reason !== lastDecision?.reason;
    if (last !== undefined && !isNew && atSeconds - last.atSeconds < 10) return;
    timeline.push({ atSeconds, status: latest });
    process.stdout.write(
      `${atSeconds} s: ${replicas} replicas, lag ${lag?.messages ?? '?'}, ${lag?.ageSeconds ?? '?'} s old, ` +
        `${lastDecision?.reason}: ${lastDecision?.message}\n`,
    );
  });
  return { timeline, latest: () => latest, [Symbol.dispose]: () => void child.kill() };
}

/** Places the orders through a port-forward, to one replica of the order service. */
async function placeBurst(): Promise<void> {
  await using forward = await portForward('service/order', services.order.port);
  const on = { url: (_: string, path: string) => `http://127.0.0.1:${forward.port}${path}` };
  const client = async () => {
    for (let placed = 0; placed < orders / clients; placed++) await placeOrder(on, articleOrder);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

test('the dashboard shows the observed and desired replicas of the group', async () => {
  await using forward = await portForward('service/dashboard', everyService.dashboard.port);
  const group = await waitFor(
    async () => {
      const { body } = await getJson(`http://127.0.0.1:${forward.port}/api/partitions`);
      if (body.replicas_problem !== null) throw new Error(body.replicas_problem);
      const { replicas } = body.groups.find((one: { group: string }) => one.group === consumerGroup);
      return replicas?.had === null ? undefined : replicas;
    },
    { what: 'the replicas of payment on the dashboard', timeoutMs: 60_000, pollMs: 1_000 },
  );
  expect(group).toMatchObject({ wanted: 1, had: 1 });
});

/** The burst starts from a group that no earlier change affects. */
const untilSettled = (): Promise<boolean> =>
  waitFor(
    async () => {
      const { status = {} } = await get<{ status?: Partial<ScalerStatus> }>(kind, 'payment');
      if (status.lastDecision?.reason === 'OnTarget') return true;
      throw new Error(`${status.lastDecision?.reason}: ${status.lastDecision?.message}`);
    },
    { what: 'a settled group', timeoutMs: 120_000, pollMs: 1_000 },
  );

test('a burst is drained within the objective with the replicas that it needs, and one replica is left', async () => {
  await untilSettled();
  const { timeline, samples, burstSeconds } = await asKafkaAdmin(async (_, kafka) => {
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1_000;
    await using group = await monitorGroup(kafka, consumerGroup, consumes, seconds);
    using status = watchStatus(seconds);
    let burstSeconds = 0;
    let fault: unknown;
    // The scaler does not wait for the end of the burst, so it is watched during the burst.
    placeBurst().then(
      () => (burstSeconds = Math.ceil(seconds())),
      (error: unknown) => (fault = error),
    );
    for (let most = 1; ;) {
      if (fault !== undefined) throw fault;
      const { replicas = 1, lag } = status.latest();
      most = Math.max(most, replicas);
      if (burstSeconds > 0 && lag?.messages === 0 && most > 1 && replicas === 1) break;
      if (seconds() > 600) throw new Error('the group did not return to one replica within ten minutes');
      await pause(200);
    }
    return { timeline: [...status.timeline], samples: [...group.samples], burstSeconds };
  });

  const measuredSeconds = drainedAt(samples, (orders * consumes.length) / 100);
  const steps = timeline.filter(({ status }) => status.lastDecision?.action === 'ScaleUp');
  const changes = timeline.filter(({ status }, index) => {
    const before = timeline[index - 1]?.status.replicas;
    return before !== undefined && status.replicas !== before;
  });
  const most = Math.max(...timeline.map(({ status }) => status.replicas ?? 1));
  const capacity = timeline.findLast(({ status }) => status.capacityPerReplicaPerSecond)?.status;
  expect(steps.length).toBeGreaterThan(0);
  const first = steps[0]!;
  // Measured in this run: properties of the machine, not of the scaler.
  const measured: Burst = {
    records: Array.from({ length: burstSeconds }, () => orders / burstSeconds),
    arrivalPerSecond: 0,
    partitions,
    followers: consumes.length - 1,
    replicaPerSecond: capacity?.capacityPerReplicaPerSecond ?? 1_000 / workMs,
    podStartSeconds: joinSeconds(samples, {
      atSeconds: first.atSeconds,
      from: first.status.lastDecision!.from,
      to: first.status.lastDecision!.to,
    }) ?? [2, 8],
    rebalanceSeconds: pauseSeconds(samples) ?? [1, 3],
  };
  const spec = { ...defaultSpec, ...pace, topics: ['records'], maxReplicas };
  const predicted = predictBurst({ ...spec, objective: { ...defaultSpec.objective, ...objective } }, measured);
  process.stdout.write(
    `${orders} orders in ${burstSeconds} s; at most ${most} replicas; drained after ${measuredSeconds.toFixed(0)} s; ` +
      `one replica again after ${timeline.at(-1)!.atSeconds} s\n` +
      `predicted: ${predicted.drainSeconds} s (${predicted.shortestSeconds} to ${predicted.longestSeconds}), from ` +
      `${JSON.stringify({ ...measured, records: orders, burstSeconds })}: ${JSON.stringify(predicted.changes)}\n`,
  );

  expect(measuredSeconds).toBeLessThan(burstSeconds + 60 + objective.drainSeconds);
  expect(Math.abs(predicted.drainSeconds / measuredSeconds - 1)).toBeLessThan(0.25);
  // Each step goes to what its own status requires; uneven partitions may require the next class.
  for (const { status } of steps) {
    const needed = neededFor(status as ScalerStatus);
    const next = candidates(partitions, maxReplicas).find((replicas) => replicas > needed) ?? maxReplicas;
    expect(status.lastDecision!.to).toBeGreaterThanOrEqual(needed);
    expect(status.lastDecision!.to).toBeLessThanOrEqual(next);
  }
  // One step up, and at most one more if the burst was still growing; then one or two steps down.
  expect(steps.length).toBeLessThanOrEqual(2);
  expect(changes.length).toBeLessThanOrEqual(5);
  expect(samples.at(-1)).toMatchObject({ lag: 0 });
  await auditClean();
});
