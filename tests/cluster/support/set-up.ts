/** Installs the pipeline in the cluster of KUBECONFIG; what exists already is kept. */
import { join } from 'node:path';
import { everyService, services } from '@order-pipeline/events';
import { findOnPath } from '../../../dev/engines/java.ts';
import { kubeTool } from '../../support/kube-tools.ts';
import { SetupError } from '../../../dev/setup-error.ts';
import { waitFor } from '../../../dev/wait-for.ts';
import { operatorCrds } from '../../manifests/operator-crds.ts';
import { repository } from '../../manifests/render.ts';
import { getJson, postJson, putJson } from '../../support/http.ts';
import { articleOrder } from '../../support/article-order.ts';
import { startEngines } from './engines.ts';
import { buildImages, buildMongoExpress, version } from './images.ts';
import { get, helm, kubectl, namespace, portForward, run } from './kubectl.ts';
import { reconcileMongo, reconcileKafka } from './operators.ts';

export const serviceNames = Object.keys(everyService) as (keyof typeof everyService)[];

const startedAt = performance.now();
const report = (what: string): void =>
  void process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s  ${what}\n`);

/** Values of the release, which the tests scale; twelve replicas of payment must fit on two cores. */
export const releaseValues = (tag = version): string[] => [
  '--values',
  join(repository, 'helm/order-pipeline/values-unscaled.yaml'),
  ...[...serviceNames.map((name) => `${name}.image.tag=${tag}`), 'payment.resources.requests.cpu=25m'].flatMap(
    (value) => ['--set', value],
  ),
];

/** Additional values for a service that the scaler scales, as by default, and for a dashboard that shows it. */
export const scalerValues = (service: string, spec: object): string[] => [
  ...[
    'consumer-scaler.enabled=true',
    `consumer-scaler.image.tag=${version}`,
    `${service}.autoscaling.engine=scaler`,
  ].flatMap((value) => ['--set', value]),
  '--set',
  'dashboard.config.KUBERNETES_API_URL=https://kubernetes.default.svc',
  '--set-json',
  `${service}.autoscaling.scaler=${JSON.stringify(spec)}`,
];

export async function setUp(): Promise<void> {
  for (const tool of ['kubectl', 'helm']) {
    if (findOnPath(tool) === undefined) throw new SetupError(`${tool} was not found; the tests in a cluster need it.`);
  }
  await run('kubectl', ['get', 'nodes']).catch((error: Error) => {
    throw new SetupError(`No cluster responds (${error.message.split('\n').at(-1)}); set KUBECONFIG to one for tests.`);
  });
  await claimNamespace();
  report('the cluster responds, and the namespace belongs to the tests');
  // Built now, because a test would exceed its time limit.
  const helm4 = kubeTool('helm4');
  helm4.catch(() => undefined);
  await buildImages(serviceNames);
  await buildMongoExpress();
  report('the images are in the cluster');

  const imagesAt = performance.now();
  for (const file of await operatorCrds()) {
    if (file.endsWith('.json')) continue;
    await run('kubectl', ['apply', '--server-side', '--force-conflicts', '--filename', file]);
  }
  await waitFor(() => run('kubectl', ['apply', '--kustomize', join(repository, 'k8s/overlays/kind')]), {
    what: 'the platform, once its CRDs are established',
    timeoutMs: 60_000,
    pollMs: 1_000,
  });
  // Its image may not be available where the tests run, and no test needs it.
  await kubectl('scale', 'deployment/kafdrop', '--replicas=0');
  await startEngines();
  await reconcileMongo();
  report('Kafka and MongoDB are ready, with users and rights');

  await helm('upgrade', '--install', 'order-pipeline', join(repository, 'helm/order-pipeline'), ...releaseValues());
  await reconcileKafka();
  for (const name of serviceNames) await kubectl('rollout', 'status', `deployment/${name}`, '--timeout=300s');
  report('the services are ready');
  await shipFirstOrder();
  report(
    `the first order is SHIPPED, ${((performance.now() - imagesAt) / 1_000).toFixed(0)} s after the images were in`,
  );
  await fillStock();
  await helm4;
}

const mark = 'order-pipeline.dev/under-test';

/** The tests scale, kill and remove what they find, so they run only on a pipeline that they have installed. */
async function claimNamespace(): Promise<void> {
  const found = await kubectl('get', 'namespace', namespace, '--ignore-not-found', '--output', 'json');
  if (found === '') {
    await run('kubectl', ['apply', '--filename', join(repository, 'k8s/base/namespace.yaml')]);
    await run('kubectl', ['label', 'namespace', namespace, `${mark}=true`]);
  } else if (JSON.parse(found).metadata.labels[mark] === undefined) {
    throw new SetupError(
      `The cluster of KUBECONFIG has a namespace ${namespace} that these tests did not create, and they would remove what is in it.\n` +
        `Set KUBECONFIG to a cluster for tests, or mark the namespace for tests: kubectl label namespace ${namespace} ${mark}=true`,
    );
  }
}

async function shipFirstOrder(): Promise<void> {
  await using forward = await portForward('service/order', services.order.port);
  const orders = `http://127.0.0.1:${forward.port}/orders`;
  const { status, body } = await postJson(orders, articleOrder);
  if (status !== 201) throw new Error(`POST /orders responds ${status}: ${JSON.stringify(body)}`);
  await waitFor(
    async () => {
      const { body: order } = await getJson(`${orders}/${body.order_id}?wait=SHIPPED&timeout_ms=10000`);
      if (order.status === 'SHIPPED') return true;
      throw new Error(`it is ${order.status}`);
    },
    { what: 'the first order', timeoutMs: 60_000 },
  );
}

/** The products of the article's order, enough for every test. */
const stock = [
  { product_id: 'P001', price: 29.99 },
  { product_id: 'P002', price: 49.99 },
];

async function fillStock(): Promise<void> {
  await using forward = await portForward('service/inventory', services.inventory.port);
  for (const { product_id, price } of stock) {
    const response = await putJson(`http://127.0.0.1:${forward.port}/inventory/${product_id}`, {
      quantity: 1_000_000,
      price,
    });
    if (response.status !== 200)
      throw new Error(`PUT /inventory responds ${response.status}: ${JSON.stringify(response.body)}`);
  }
}

/** The ready pods of a service, without those that start or terminate. */
export async function readyPods(service: string): Promise<{ name: string; ip: string; restarts: number }[]> {
  const { items } = await get<{ items: any[] }>('pods', '--selector', `app.kubernetes.io/name=${service}`);
  return items
    .filter(({ metadata, status }) => !metadata.deletionTimestamp && status.containerStatuses?.[0]?.ready)
    .map(({ metadata, status }) => ({
      name: metadata.name,
      ip: status.podIP,
      restarts: status.containerStatuses[0].restartCount,
    }));
}
