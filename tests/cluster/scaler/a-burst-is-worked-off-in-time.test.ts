/**
 * The closed loop: the real operator, API server, Kafka, MongoDB and services. Only the kubelet's part is played here:
 * as many payment processes run on this machine as the Deployment asks for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { drainedAt, predictBurst, type Burst } from '../../../services/consumer-scaler/sim/burst.ts';
import { candidates } from '../../../services/consumer-scaler/src/assignment.ts';
import { fewestReplicas } from '../../../services/consumer-scaler/src/demand.ts';
import { defaultSpec, type ScalerStatus } from '../../../services/consumer-scaler/src/resource.ts';
import { audit } from '../../faults/judges.ts';
import { untilAtRest } from '../../support/books.ts';
import { putJson } from '../../support/http.ts';
import { articleOrder, placeOrder } from '../../support/orders.ts';
import { usePipeline } from '../../support/pipeline.ts';
import { joinSeconds, stopSeconds, watchGroup } from './group-watch.ts';
import { createWorld, kind, type World } from './support.ts';

const limitMs = 900_000;
jest.setTimeout(limitMs);
const orders = 1_500;
const workMs = 50;
const objective = { maxAgeSeconds: 30, drainSeconds: 90 };
const pace = { pollSeconds: 2, behavior: { scaleDownWindowSeconds: 30, settleSeconds: 6 } };
/** As its chart has it: more have nothing of the largest topic. */
const maxReplicas = 12;
const { consumerGroup, consumes } = services.payment;
const partitions = 12 * consumes.length;

// A chunk is a second of work: a member that has one in hand rejoins its group only when that is done.
const chunk = String(1_000 / workMs);
const on = usePipeline({
  env: { PAYMENT_WORK_MS: String(workMs), PAYMENT_CONCURRENCY: '1', CONSUMER_MAX_CHUNK: chunk },
});
let world: World;
beforeAll(async () => {
  world = await createWorld('loop');
  // It shares two cores with a dozen processes that start at once; nobody is here to start it again, as a kubelet would.
  await world.startOperator('loop', { LEASE_DURATION_SECONDS: '120', LEASE_RENEW_DEADLINE_SECONDS: '100' });
}, limitMs);
afterAll(async () => world?.[Symbol.asyncDispose]());

/** Starts and ends processes until there are as many as the Deployment says, again and again. */
async function playKubelet(stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const wanted = await world.replicas('payment');
    const running = on.pipeline.services.payment.length;
    if (wanted > running) {
      await Promise.all(Array.from({ length: wanted - running }, () => on.pipeline.addReplica('payment')));
    }
    for (let left = running; left > wanted; left--) await on.pipeline.removeReplica('payment');
    await pause(500);
  }
}

interface Seen {
  readonly atSeconds: number;
  readonly status: Partial<ScalerStatus>;
}

/** What a step up needs if its lag and arrivals are spread evenly over the partitions. */
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

test('a burst brings up what is needed, is gone within the objective, and leaves one replica', async () => {
  for (const [product, price] of [
    ['P001', 29.99],
    ['P002', 49.99],
  ] as const) {
    await putJson(on.url('inventory', `/inventory/${product}`), { quantity: 1_000_000, price });
  }
  const stop = new AbortController();
  await world.addTarget('payment', 1);
  const kubelet = playKubelet(stop.signal);
  let fault: unknown;
  kubelet.catch((error: unknown) => (fault = error));
  await world.addScaler('payment', {
    consumerGroup,
    topics: consumes,
    kafka: { bootstrapServers: on.pipeline.bootstrapServers },
    maxReplicas,
    objective,
    ...pace,
  });

  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1_000;
  await using group = await watchGroup(on.kafka, consumerGroup, consumes, seconds);
  const timeline: Seen[] = [];
  const look = async (): Promise<Seen> => {
    const { status = {} } = await world.get(kind, 'payment');
    const seen: Seen = { atSeconds: Math.round(seconds()), status };
    const last = timeline.at(-1);
    const decision = seen.status.lastDecision;
    const told = last?.status.lastDecision;
    if (
      last === undefined ||
      last.status.replicas !== seen.status.replicas ||
      told?.reason !== decision?.reason ||
      seen.atSeconds - last.atSeconds >= 10
    ) {
      timeline.push(seen);
      const { replicas, lag } = seen.status;
      process.stdout.write(
        `${seen.atSeconds} s: ${replicas} replicas, lag ${lag?.messages ?? '?'}, ${lag?.ageSeconds ?? '?'} s old, ` +
          `${decision?.reason}: ${decision?.message}\n`,
      );
    }
    return seen;
  };

  const burst = Array.from({ length: 50 }, async () => {
    for (let placed = 0; placed < orders / 50; placed++) await placeOrder(on, articleOrder);
  });
  let burstSeconds = 0;
  // The scaler does not wait for the end of the burst, so it is watched meanwhile.
  const allPlaced = Promise.all(burst).then(() => void (burstSeconds = Math.ceil(seconds())));
  allPlaced.catch((error: unknown) => (fault = error));
  for (let most = 1; ;) {
    if (fault !== undefined) throw fault;
    const { atSeconds, status } = await look();
    most = Math.max(most, status.replicas ?? 1);
    if (burstSeconds > 0 && status.lag?.messages === 0 && most > 1 && status.replicas === 1) break;
    if (atSeconds > 600) throw new Error('it did not come back to one replica within ten minutes');
    await pause(300);
  }
  const doneSeconds = Math.round(seconds());
  stop.abort();
  await kubelet;
  await untilAtRest(on);

  const records = orders * consumes.length;
  const measuredSeconds = drainedAt(group.samples, records / 100);
  const steps = timeline.filter(({ status }) => status.lastDecision?.action === 'ScaleUp');
  const changes = timeline.filter(({ status }, index) => {
    const before = timeline[index - 1]?.status.replicas;
    return before !== undefined && status.replicas !== before;
  });
  const most = Math.max(...timeline.map(({ status }) => status.replicas ?? 1));
  const capacity = timeline.findLast(({ status }) => status.capacityPerReplicaPerSecond)?.status;
  expect(steps.length).toBeGreaterThan(0);
  const first = steps[0]!;
  // Measured in this very run: what the machine is, not how the scaler does.
  const measured: Burst = {
    records: Array.from({ length: burstSeconds }, () => records / burstSeconds),
    arrivalPerSecond: 0,
    partitions,
    replicaPerSecond: capacity?.capacityPerReplicaPerSecond ?? 1_000 / workMs,
    podStartSeconds: joinSeconds(group.samples, {
      atSeconds: first.atSeconds,
      from: first.status.lastDecision!.from,
      to: first.status.lastDecision!.to,
    }) ?? [2, 8],
    rebalanceStopSeconds: stopSeconds(group.samples) ?? [1, 3],
  };
  const spec = { ...defaultSpec, ...pace, topics: ['records'], maxReplicas };
  const predicted = predictBurst({ ...spec, objective: { ...defaultSpec.objective, ...objective } }, measured);
  process.stdout.write(
    `${orders} orders in ${burstSeconds} s; at most ${most} replicas; drained after ${measuredSeconds.toFixed(0)} s; ` +
      `one again after ${doneSeconds} s\n` +
      `predicted: ${predicted.drainSeconds} s (${predicted.shortestSeconds} to ${predicted.longestSeconds}), from ` +
      `${JSON.stringify({ ...measured, records, burstSeconds })}: ${JSON.stringify(predicted.changes)}\n`,
  );

  expect(measuredSeconds).toBeLessThan(burstSeconds + 60 + objective.drainSeconds);
  expect(Math.abs(predicted.drainSeconds / measuredSeconds - 1)).toBeLessThan(0.25);
  // Each step goes to what its own numbers ask for; orders are not spread quite evenly, which may ask for a class more.
  for (const { status } of steps) {
    const needed = neededFor(status as ScalerStatus);
    const next = candidates(partitions, maxReplicas).find((replicas) => replicas > needed) ?? maxReplicas;
    expect(status.lastDecision!.to).toBeGreaterThanOrEqual(needed);
    expect(status.lastDecision!.to).toBeLessThanOrEqual(next);
  }
  // One jump, and at most one more if the burst was still growing; down by one or two steps.
  expect(steps.length).toBeLessThanOrEqual(2);
  expect(changes.length).toBeLessThanOrEqual(5);
  expect(group.samples.at(-1)).toMatchObject({ lag: 0 });
  expect(
    await audit({ KAFKA_BOOTSTRAP_SERVERS: on.pipeline.bootstrapServers, MONGODB_URI: on.pipeline.mongoUri }),
  ).toEqual([]);
});
