import { describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { services } from '@order-pipeline/events';
import { waitFor } from '../../dev/wait-for.ts';
import { auditClean } from './support/audit.ts';
import { asKafkaAdmin } from './support/clients.ts';
import { kubectl } from './support/kubectl.ts';
import { startLoad } from './support/load.ts';

const limitMs = 600_000;
const { consumerGroup, consumes } = services.payment;
const partitions = 12;

/** How many partitions of a topic each member of the group is assigned. */
async function sharesOf(topic: string): Promise<number[]> {
  return asKafkaAdmin(async (admin) => {
    const { groups } = await admin.describeGroups([consumerGroup]);
    return groups[0]!.members.map(({ memberAssignment }) => {
      const assigned = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment);
      return assigned?.assignment[topic]?.length ?? 0;
    });
  });
}

describe('kubectl scale under load', () => {
  test(
    'assigns the partitions evenly to the replicas, and loses no order',
    async () => {
      await using load = await startLoad('load-scale');
      for (const replicas of [3, 12, 1]) {
        await kubectl('scale', 'deployment/payment', `--replicas=${replicas}`);
        await kubectl('rollout', 'status', 'deployment/payment', '--timeout=180s');
        const share = partitions / replicas;
        for (const topic of consumes) {
          await waitFor(
            async () => {
              const shares = await sharesOf(topic);
              if (shares.length === replicas && shares.every((count) => count === share)) return shares;
              throw new Error(`the members are assigned ${shares.join(', ')} partitions of ${topic}`);
            },
            { what: `an even assignment to ${replicas} replicas`, timeoutMs: 90_000, pollMs: 1_000 },
          );
        }
      }
      const { accepted, acceptedAfterwards, failed } = await load.finish();
      expect(failed).toEqual([]);
      expect(acceptedAfterwards).toBeGreaterThan(0);
      process.stdout.write(`${accepted} orders while payment was scaled from 1 to 3, 12 and 1\n`);
      await auditClean();
    },
    limitMs,
  );
});
