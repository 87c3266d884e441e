import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../../dev/wait-for.ts';
import { auditClean } from './support/audit.ts';
import { kubectl } from './support/kubectl.ts';
import { startLoad } from './support/load.ts';
import { readyPods, serviceNames } from './support/set-up.ts';

const limitMs = 600_000;

const kill = (pod: string): Promise<string> =>
  kubectl('delete', 'pod', pod, '--force', '--grace-period=0', '--wait=false');

describe('pods that are killed under load', () => {
  test(
    'lose and duplicate no order, in each service and in the broker',
    async () => {
      await using load = await startLoad('load-kill');
      for (const service of serviceNames) {
        const before = await readyPods(service);
        for (const { name } of before) await kill(name);
        await waitFor(
          async () => (await readyPods(service)).find(({ name }) => before.every((pod) => pod.name !== name)),
          { what: `a new pod of ${service}`, timeoutMs: 120_000, pollMs: 500 },
        );
      }
      await kill('pipeline-kafka-0');
      await kubectl('rollout', 'status', 'statefulset/pipeline-kafka', '--timeout=180s');
      // Every accepted order ships; requests may have failed, and were retried.
      const { accepted, acceptedAfterwards, failed } = await load.finish();
      expect(acceptedAfterwards).toBeGreaterThan(0);
      process.stdout.write(`${accepted} orders while each pod was killed; ${failed.length} requests were retried\n`);
      await auditClean();
    },
    limitMs,
  );
});
