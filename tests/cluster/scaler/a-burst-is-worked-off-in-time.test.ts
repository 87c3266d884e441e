/**
 * The closed loop: the real operator, API server, Kafka, MongoDB and services. Only the kubelet's part is played here:
 * as many payment processes run on this machine as the Deployment asks for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { predictBurst } from '../../../services/consumer-scaler/sim/burst.ts';
import { defaultSpec } from '../../../services/consumer-scaler/src/resource.ts';
import { audit } from '../../faults/judges.ts';
import { untilAtRest } from '../../support/books.ts';
import { putJson } from '../../support/http.ts';
import { articleOrder, placeOrder } from '../../support/orders.ts';
import { usePipeline } from '../../support/pipeline.ts';
import { createWorld, kind, type World } from './support.ts';

const limitMs = 900_000;
jest.setTimeout(limitMs);
const orders = 1_500;
const workMs = 50;
const objective = { maxAgeSeconds: 30, drainSeconds: 90 };
const { consumerGroup, consumes } = services.payment;

// A chunk is a second of work: a member that has one in hand rejoins its group only when that is done.
const chunk = String(1_000 / workMs);
const on = usePipeline({
  env: { PAYMENT_WORK_MS: String(workMs), PAYMENT_CONCURRENCY: '1', CONSUMER_MAX_CHUNK: chunk },
});
let world: World;
beforeAll(async () => {
  world = await createWorld('loop');
  await world.startOperator('loop');
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
  readonly replicas: number;
  readonly lag: number | undefined;
  readonly ageSeconds: number | undefined;
  readonly capacity: number | undefined;
  readonly reason: string;
  readonly message: string;
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
  await world.addScaler('payment', {
    consumerGroup,
    topics: consumes,
    kafka: { bootstrapServers: on.pipeline.bootstrapServers },
    objective,
    pollSeconds: 2,
    behavior: { scaleDownWindowSeconds: 30, settleSeconds: 6 },
  });

  const begun = performance.now();
  const seconds = (): number => Math.round((performance.now() - begun) / 1_000);
  const timeline: Seen[] = [];
  const look = async (): Promise<Seen> => {
    const { status } = await world.get(kind, 'payment');
    const seen: Seen = {
      atSeconds: seconds(),
      replicas: status?.replicas,
      lag: status?.lag?.messages,
      ageSeconds: status?.lag?.ageSeconds,
      capacity: status?.capacityPerReplicaPerSecond,
      reason: status?.lastDecision?.reason ?? '',
      message: status?.lastDecision?.message ?? '',
    };
    const last = timeline.at(-1);
    if (last?.replicas !== seen.replicas || last?.reason !== seen.reason || seen.atSeconds - last.atSeconds >= 10) {
      timeline.push(seen);
      const { atSeconds, replicas, lag = '?', ageSeconds = '?', reason, message } = seen;
      process.stdout.write(
        `${atSeconds} s: ${replicas} replicas, lag ${lag}, ${ageSeconds} s old, ${reason}: ${message}\n`,
      );
    }
    return seen;
  };

  const burst = Array.from({ length: 50 }, async () => {
    for (let placed = 0; placed < orders / 50; placed++) await placeOrder(on, articleOrder);
  });
  await Promise.all(burst);
  const burstSeconds = seconds();
  let most = 1;
  let drainedAt: number | undefined;
  for (;;) {
    const seen = await look();
    most = Math.max(most, seen.replicas ?? 1);
    if (seen.lag !== undefined && seen.lag > 0) drainedAt = undefined;
    if (seen.lag === 0 && most > 1) drainedAt ??= seen.atSeconds;
    if (drainedAt !== undefined && seen.replicas === 1) break;
    if (seen.atSeconds > 600) throw new Error('it did not come back to one replica within ten minutes');
    await pause(500);
  }
  stop.abort();
  await kubelet;
  process.stdout.write(
    `${orders} orders in ${burstSeconds} s; at most ${most} replicas; drained after ${drainedAt} s; one again after ${seconds()} s\n` +
      `${predictBurst(
        {
          ...defaultSpec,
          topics: ['records'],
          objective: { ...defaultSpec.objective, ...objective },
          pollSeconds: 2,
          behavior: { scaleDownWindowSeconds: 30, settleSeconds: 6 },
        },
        {
          records: orders * consumes.length,
          replicaPerSecond: timeline.at(-1)?.capacity ?? 1_000 / workMs,
          podStartSeconds: [2, 8],
          rebalanceStopSeconds: [1, 3],
        },
      )}\n`,
  );
  expect(most).toBeGreaterThan(1);
  expect(drainedAt).toBeLessThan(burstSeconds + 60 + objective.drainSeconds);
  await untilAtRest(on);
  expect(
    await audit({ KAFKA_BOOTSTRAP_SERVERS: on.pipeline.bootstrapServers, MONGODB_URI: on.pipeline.mongoUri }),
  ).toEqual([]);
});
