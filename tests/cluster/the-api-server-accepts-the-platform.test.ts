import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { overlays, repository } from '../manifests/render.ts';
import { apply, get, run } from './support/kubectl.ts';

const limitMs = 120_000;

describe('the API server', () => {
  test.each(overlays())(
    'accepts every object of the overlay %s, including custom resources',
    async (overlay) => {
      const path = join(repository, 'k8s/overlays', overlay);
      const output = await run('kubectl', [
        'apply',
        '--server-side',
        '--force-conflicts',
        '--dry-run=server',
        '--kustomize',
        path,
      ]);
      for (const kind of ['kafka.kafka.strimzi.io', 'mongodbcommunity.mongodbcommunity.mongodb.com', 'kafkauser'])
        expect(output).toContain(kind);
    },
    limitMs,
  );

  test(
    'rejects a pod that may run as root in the namespace of the pipeline',
    async () => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'rooted' },
        spec: { containers: [{ name: 'rooted', image: 'order-pipeline/order:0.1.0' }] },
      };
      await expect(apply(JSON.stringify(pod))).rejects.toThrow(/violates PodSecurity "restricted/u);
    },
    limitMs,
  );

  test('runs every pod of the pipeline there', async () => {
    const { items } = await get<{ items: any[] }>('pods', '--selector', 'app.kubernetes.io/part-of=order-pipeline');
    const running = items.filter(({ status }) => status.phase === 'Running').map(({ metadata }) => metadata.labels);
    const names = new Set(running.map((labels) => labels['app.kubernetes.io/name']));
    for (const name of ['order', 'payment', 'inventory', 'shipment']) expect(names).toContain(name);
  });
});
