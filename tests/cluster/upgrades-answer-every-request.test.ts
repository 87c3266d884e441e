import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { kubeTool } from '../../dev/kube-tools.ts';
import { repository } from '../manifests/render.ts';
import { auditClean } from './support/audit.ts';
import { nextVersion } from './support/images.ts';
import { get, kubectl, namespace, run } from './support/kubectl.ts';
import { startLoad } from './support/load.ts';
import { releaseValues, serviceNames } from './support/set-up.ts';

const limitMs = 900_000;

const imagesInUse = async (): Promise<string[]> => {
  const { items } = await get<{ items: any[] }>(
    'deployments',
    '--selector',
    'app.kubernetes.io/part-of=order-pipeline',
  );
  return items
    .filter(({ metadata }) => (serviceNames as string[]).includes(metadata.name))
    .map(({ spec }) => spec.template.spec.containers[0].image.split(':').at(-1));
};

const rolledOut = async (): Promise<void> => {
  for (const name of serviceNames) await kubectl('rollout', 'status', `deployment/${name}`, '--timeout=240s');
};

afterAll(() => kubectl('scale', 'deployment/payment', '--replicas=1'));

describe('a rolling upgrade and its rollback, under load through the Service', () => {
  // Helm 4 applies on the server's side, where fields have owners; Helm 3 does not.
  test.each(['helm', 'helm4'] as const)(
    'with %s answer every request, keep what was scaled, and lose nothing',
    async (tool) => {
      const helm = await kubeTool(tool);
      const inNamespace = (...args: string[]): Promise<string> => run(helm, ['--namespace', namespace, ...args]);
      await kubectl('scale', 'deployment/payment', '--replicas=2');
      const load = await startLoad(`load-${tool}`, 75);
      const chart = join(repository, 'helm/order-pipeline');
      await inNamespace('upgrade', 'order-pipeline', chart, ...releaseValues(nextVersion));
      await rolledOut();
      expect(new Set(await imagesInUse())).toEqual(new Set([nextVersion]));
      await inNamespace('rollback', 'order-pipeline');
      await rolledOut();
      expect(await imagesInUse()).not.toContain(nextVersion);
      expect((await get('deployment', 'payment')).spec.replicas).toBe(2);
      const { accepted, failed } = await load.finish();
      expect(failed).toEqual([]);
      expect(accepted).toBeGreaterThan(500);
      await auditClean();
    },
    limitMs,
  );
});
