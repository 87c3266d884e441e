import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../../dev/wait-for.ts';
import { auditClean } from './support/audit.ts';
import { kubectl } from './support/kubectl.ts';
import { startLoad } from './support/load.ts';
import { readyPods, serviceNames } from './support/set-up.ts';

const limitMs = 600_000;

const killed = (pod: string): Promise<string> =>
  kubectl('delete', 'pod', pod, '--force', '--grace-period=0', '--wait=false');

describe('pods that are deleted by force, under load', () => {
  test(
    'of each service and of the broker lose and double nothing',
    async () => {
      await using load = await startLoad('load-kill');
      for (const service of serviceNames) {
        const before = await readyPods(service);
        for (const { name } of before) await killed(name);
        await waitFor(
          async () => (await readyPods(service)).find(({ name }) => before.every((pod) => pod.name !== name)),
          { what: `a new pod of ${service}`, timeoutMs: 120_000, pollMs: 500 },
        );
      }
      await killed('pipeline-kafka-0');
      await kubectl('rollout', 'status', 'statefulset/pipeline-kafka', '--timeout=180s');
      // Every order that was accepted ships; requests may have failed meanwhile, and were made again.
      const { accepted, acceptedAfterwards, failed } = await load.finish();
      expect(acceptedAfterwards).toBeGreaterThan(0);
      process.stdout.write(`${accepted} orders while each pod was killed; ${failed.length} requests were made again\n`);
      await auditClean();
    },
    limitMs,
  );
});
