/** Whether a pipeline has anything left to do, asked from outside. */
import { setTimeout as pause } from 'node:timers/promises';
import { services } from '@order-pipeline/events';
import { createGroupLagReader, type createKafka, type GroupLagReader } from '@order-pipeline/messaging';
import type { Pipeline, ServiceName } from '../../dev/pipeline.ts';
import { openStates } from '../../services/order/src/order.ts';

const restLimitMs = 180_000;

/** Waits until no order is open and no group is behind; answers what is still going on when the time is over. */
export async function untilRest(pipeline: Pipeline, kafkaClient: ReturnType<typeof createKafka>): Promise<string[]> {
  const deadlineMs = performance.now() + restLimitMs;
  const lagReader = createGroupLagReader(kafkaClient);
  try {
    for (;;) {
      const unrest = await unrestOf(pipeline, lagReader).catch((error: unknown) => [
        `cannot be asked: ${String(error)}`,
      ]);
      if (unrest.length === 0 || performance.now() > deadlineMs) return unrest;
      await pause(500);
    }
  } finally {
    await lagReader.stop();
  }
}

async function unrestOf(pipeline: Pipeline, lagReader: GroupLagReader): Promise<string[]> {
  const found: string[] = [];
  for (const state of openStates) {
    const response = await fetch(`${pipeline.services.order[0]!.url}/orders?status=${state}&limit=1`);
    const { items } = (await response.json()) as { items?: { order_id: string }[] };
    if (items === undefined) found.push(`GET /orders answered ${response.status}`);
    else if (items[0]) found.push(`the order ${items[0].order_id} is still ${state}`);
  }
  for (const name of Object.keys(services) as ServiceName[]) {
    const { consumerGroup, consumes } = services[name];
    for (const topic of consumes) {
      const lag = await lagReader.lagOf(consumerGroup, topic);
      if (lag > 0n) found.push(`${consumerGroup} is ${lag} behind in ${topic}`);
    }
  }
  return found;
}
