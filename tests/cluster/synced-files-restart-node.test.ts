import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { waitFor } from '../../dev/wait-for.ts';
import { objectsOf, only, renderChart, repository } from '../manifests/render.ts';
import { buildImage } from './support/images.ts';
import { apply, kubectl, namespace, run } from './support/kubectl.ts';

const limitMs = 300_000;
const name = 'developed';

/** As Skaffold does: extracts a tar archive in the running container, as the container's user. */
const sync = (from: string): Promise<string> =>
  run('bash', [
    '-c',
    'tar -C "$1" -cf - . | kubectl --namespace "$2" exec -i "$3" -- tar xmf - -C /app --no-same-owner',
    'sync',
    from,
    namespace,
    name,
  ]);

async function untilLogged(text: string): Promise<void> {
  await waitFor(async () => ((await kubectl('logs', name)).includes(text) ? true : undefined), {
    what: `"${text}" in the log`,
    timeoutMs: 120_000,
    pollMs: 500,
  });
}

test(
  'a file that is synced into a pod of the dev image restarts node, and not the pod',
  async () => {
    await buildImage('order-pipeline/payment:dev', repository, '--build-arg', 'SERVICE=payment', '--target', 'dev');
    const values = ['--set', 'image.tag=dev', '--set', 'readOnlyRootFilesystem=false'];
    const pod = only(objectsOf(await renderChart('payment', ...values)), 'Pod');
    Object.assign(pod.metadata, { name, annotations: {}, labels: {} });
    delete pod['spec'].containers[0].args;
    const changed = await mkdtemp(join(tmpdir(), 'synced-'));
    try {
      await apply(JSON.stringify(pod));
      // It has no connection to Kafka or MongoDB here, and waits for them.
      await untilLogged('"msg":"started"');
      await mkdir(join(changed, 'services/payment/src'), { recursive: true });
      await writeFile(join(changed, 'services/payment/src/main.ts'), "console.log('this is the synced change');\n");
      await sync(changed);
      await untilLogged('this is the synced change');
      const restarts = '{.status.containerStatuses[0].restartCount}';
      expect(await kubectl('get', 'pod', name, '--output', `jsonpath=${restarts}`)).toBe('0');
    } finally {
      await kubectl('delete', 'pod', name, '--ignore-not-found', '--grace-period=1');
      await rm(changed, { recursive: true, force: true });
    }
  },
  limitMs,
);
