import { createKafka } from '@order-pipeline/kafka';
import { quietLogger } from '@order-pipeline/resilience';
import { waitFor } from '../wait-for.ts';
import { offsetsPartitions, type BrokerSpec } from './kafka-config.ts';

const timeoutMs = 60_000;

/** Group ids whose Java hash codes are consecutive, so that together they cover every partition of the offsets topic. */
const probeGroups = Array.from({ length: offsetsPartitions }, (_, i) => String.fromCharCode('a'.charCodeAt(0) + i));

/**
 * Waits until the listed nodes serve: each is a registered broker of this cluster (another process may have opened the
 * port), and every group coordinator has loaded its offsets, because a consumer that joins earlier counts it as a crash.
 */
export async function kafkaReady(
  spec: Pick<BrokerSpec, 'clusterId' | 'cluster'>,
  nodeIds: readonly number[],
  giveUp: () => string | undefined,
): Promise<void> {
  const brokers = nodeIds.map((id) => `127.0.0.1:${spec.cluster[id - 1]?.broker}`);
  await waitFor(
    async () => {
      // No retries of kafkajs: waitFor retries, and stops when the process has exited.
      const admin = createKafka({ brokers, clientId: 'readiness' }, quietLogger).admin({ retry: { retries: 0 } });
      try {
        await admin.connect();
        const cluster = await admin.describeCluster();
        if (cluster.clusterId !== spec.clusterId) {
          throw new Error(`${brokers.join(', ')} is another Kafka cluster (${cluster.clusterId}); stop that one`);
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
