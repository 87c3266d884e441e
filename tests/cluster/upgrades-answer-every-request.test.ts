import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kubeTool } from '../support/kube-tools.ts';
import { waitFor } from '../../dev/wait-for.ts';
import { repository } from '../manifests/render.ts';
import { auditClean } from './support/audit.ts';
import { nextVersion } from './support/images.ts';
import { get, kubectl, namespace, run } from './support/kubectl.ts';
import { startLoad } from './support/load.ts';
import { releaseValues, serviceNames } from './support/set-up.ts';

const limitMs = 900_000;
const chart = join(repository, 'helm/order-pipeline');

/** Helm 4 is told what it would find out by itself only of a release that it installed. */
const tools = [
  ['helm', []],
  ['helm4', ['--server-side=true']],
] as const;

type Helm = (...args: readonly string[]) => Promise<string>;
async function helmOf(tool: 'helm' | 'helm4', options: readonly string[]): Promise<Helm> {
  const helm = await kubeTool(tool);
  return (...args) => run(helm, ['--namespace', namespace, ...args, ...options]);
}

async function deployments(): Promise<any[]> {
  const { items } = await get<{ items: any[] }>(
    'deployments',
    '--show-managed-fields',
    '--selector',
    'app.kubernetes.io/part-of=order-pipeline',
  );
  return items.filter(({ metadata }) => (serviceNames as string[]).includes(metadata.name));
}

const imagesInUse = async (): Promise<string[]> =>
  (await deployments()).map(({ spec }) => spec.template.spec.containers[0].image.split(':').at(-1));

/** Of the release's Deployments, those in which Helm has fields that it applied on the server's side. */
const appliedByServer = async (): Promise<string[]> =>
  (await deployments())
    .filter(({ metadata }) =>
      metadata.managedFields.some(({ manager, operation }: any) => manager === 'helm' && operation === 'Apply'),
    )
    .map(({ metadata }) => metadata.name);

/** Until the new pods serve and the old ones have ended: what an old one refuses in its last moment counts too. */
async function rolledOut(): Promise<void> {
  for (const name of serviceNames) await kubectl('rollout', 'status', `deployment/${name}`, '--timeout=240s');
  await waitFor(
    async () => {
      const { items } = await get<{ items: any[] }>('pods', '--selector', 'app.kubernetes.io/part-of=order-pipeline');
      return items.every(({ metadata }) => metadata.deletionTimestamp === undefined) ? true : undefined;
    },
    { what: 'the end of the old pods', timeoutMs: 120_000, pollMs: 500 },
  );
}

beforeAll(() => kubectl('scale', 'deployment/payment', '--replicas=2'));
afterAll(() => kubectl('scale', 'deployment/payment', '--replicas=1'));

describe('a rolling upgrade and its rollback, under load through the Service', () => {
  test.each(tools)(
    'with %s answer every request, keep what was scaled, and lose nothing',
    async (tool, options) => {
      const helm = await helmOf(tool, options);
      // Some, where these tests ran before.
      const appliedBefore = await appliedByServer();
      await using load = await startLoad(`load-${tool}`);
      await helm('upgrade', 'order-pipeline', chart, ...releaseValues(nextVersion));
      await rolledOut();
      expect(new Set(await imagesInUse())).toEqual(new Set([nextVersion]));
      await helm('rollback', 'order-pipeline');
      await rolledOut();
      expect(await imagesInUse()).not.toContain(nextVersion);
      expect((await get('deployment', 'payment')).spec.replicas).toBe(2);
      expect((await appliedByServer()).toSorted()).toEqual(
        tool === 'helm4' ? serviceNames.toSorted() : appliedBefore.toSorted(),
      );
      const { accepted, acceptedAfterwards, failed } = await load.finish();
      expect(failed).toEqual([]);
      expect(acceptedAfterwards).toBeGreaterThan(0);
      process.stdout.write(`${accepted} orders during an upgrade and a rollback by ${tool}, every request answered\n`);
      await auditClean();
    },
    limitMs,
  );

  test(
    'is refused as a conflict by Helm 4 where the chart says how many, and somebody else has scaled',
    async () => {
      const helm = await helmOf(...tools[1]);
      const saysTwo = ['upgrade', 'order-pipeline', chart, ...releaseValues(), '--set', 'payment.replicas=2'];
      await helm(...saysTwo);
      await kubectl('scale', 'deployment/payment', '--replicas=1');
      await expect(helm(...saysTwo)).rejects.toThrow(/conflict.*\.spec\.replicas/su);
      expect((await get('deployment', 'payment')).spec.replicas).toBe(1);
      // That is why no chart of ours says it unless it is told to: the next upgrade goes through again.
      await helm('upgrade', 'order-pipeline', chart, ...releaseValues());
      await rolledOut();
    },
    limitMs,
  );
});
