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

/** Helm 4 uses server-side apply by default only for releases that it installed. */
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

/** The Deployments of the release in which Helm owns fields by server-side apply. */
const appliedByServer = async (): Promise<string[]> =>
  (await deployments())
    .filter(({ metadata }) =>
      metadata.managedFields.some(({ manager, operation }: any) => manager === 'helm' && operation === 'Apply'),
    )
    .map(({ metadata }) => metadata.name);

/** Until the new pods serve and the old ones have terminated: a request that a terminating pod rejects counts, too. */
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

describe('a rolling upgrade and its rollback under load', () => {
  test.each(tools)(
    'with %s answer every request, keep the scaled replicas, and lose no order',
    async (tool, options) => {
      const helm = await helmOf(tool, options);
      // Not empty if these tests have run before.
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
    'is rejected by Helm 4 as a conflict if the chart sets replicas and another client has scaled',
    async () => {
      const helm = await helmOf(...tools[1]);
      const withTwo = ['upgrade', 'order-pipeline', chart, ...releaseValues(), '--set', 'payment.replicas=2'];
      await helm(...withTwo);
      await kubectl('scale', 'deployment/payment', '--replicas=1');
      await expect(helm(...withTwo)).rejects.toThrow(/conflict.*\.spec\.replicas/su);
      expect((await get('deployment', 'payment')).spec.replicas).toBe(1);
      // That is why our charts set no replicas by default: the next upgrade succeeds.
      await helm('upgrade', 'order-pipeline', chart, ...releaseValues());
      await rolledOut();
    },
    limitMs,
  );
});
