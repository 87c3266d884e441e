import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { waitFor } from '../wait-for.ts';
import type { BrokerSpec } from './kafka-broker.ts';

const timeoutMs = 60_000;

/** Few, because each is opened at the start; more than one, so that groups of a cluster have different coordinators. */
export const offsetsPartitions = 4;

/** Group ids whose Java hash codes are consecutive, so that together they meet every partition of the offsets topic. */
const probeGroups = Array.from({ length: offsetsPartitions }, (_, i) => String.fromCharCode('a'.charCodeAt(0) + i));

/**
 * Waits until the listed nodes serve: each is a registered broker of this very cluster (an open port might be anyone's),
 * and every group coordinator has loaded its offsets, because a consumer that comes earlier counts it as a failure.
 */
export async function kafkaReady(
  spec: Pick<BrokerSpec, 'clusterId' | 'cluster'>,
  nodeIds: readonly number[],
  giveUp: () => string | undefined,
): Promise<void> {
  const brokers = nodeIds.map((id) => `127.0.0.1:${spec.cluster[id - 1]?.broker}`);
  await waitFor(
    async () => {
      // Each try is one try: the loop around it knows better when to stop.
      const admin = createKafka({ brokers, clientId: 'readiness' }, quietLogger).admin({ retry: { retries: 0 } });
      try {
        await admin.connect();
        const cluster = await admin.describeCluster();
        if (cluster.clusterId !== spec.clusterId) {
          throw new Error(`${brokers.join(', ')} is another Kafka cluster (${cluster.clusterId}); end that one`);
        }
        const missing = nodeIds.filter((id) => !cluster.brokers.some((broker) => broker.nodeId === id));
        if (missing.length > 0) throw new Error(`broker ${missing.join(', ')} has not registered`);
        await admin.describeGroups(probeGroups);
        return true;
      } finally {
        await admin.disconnect().catch(() => {});
      }
    },
    { what: `Kafka (${brokers.join(', ')})`, timeoutMs, giveUp },
  );
}
