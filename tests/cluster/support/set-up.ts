/** The whole pipeline in the cluster of KUBECONFIG, as the tests expect it; what is there already is left. */
import { join } from 'node:path';
import { everyService, services } from '@order-pipeline/events';
import { findOnPath } from '../../../dev/engines/java.ts';
import { SetupError } from '../../../dev/setup-error.ts';
import { waitFor } from '../../../dev/wait-for.ts';
import { operatorCrds } from '../../manifests/operator-crds.ts';
import { repository } from '../../manifests/render.ts';
import { putJson } from '../../support/http.ts';
import { startEngines } from './engines.ts';
import { buildImages, buildMongoExpress, version } from './images.ts';
import { get, helm, kubectl, portForward, run } from './kubectl.ts';
import { actForMongo, actForStrimzi } from './operators.ts';

export const serviceNames = Object.keys(everyService) as (keyof typeof everyService)[];

const begun = performance.now();
const say = (what: string): void =>
  void process.stdout.write(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(7)} s  ${what}\n`);

/** Values of the release; the default pulls nothing. */
export const releaseValues = (tag = version): string[] =>
  serviceNames.flatMap((name) => ['--set', `${name}.image.tag=${tag}`]);

export async function setUp(): Promise<void> {
  for (const tool of ['kubectl', 'helm']) {
    if (findOnPath(tool) === undefined) throw new SetupError(`${tool} was not found; the tests in a cluster need it.`);
  }
  await run('kubectl', ['get', 'nodes']).catch((error: Error) => {
    throw new SetupError(`No cluster answers (${error.message.split('\n').at(-1)}); set KUBECONFIG to one for tests.`);
  });
  say('a cluster answers');
  await buildImages(serviceNames);
  await buildMongoExpress();
  say('the images are in the cluster');

  for (const file of await operatorCrds()) {
    if (file.endsWith('.json')) continue;
    await run('kubectl', ['apply', '--server-side', '--force-conflicts', '--filename', file]);
  }
  await run('kubectl', ['apply', '--filename', join(repository, 'k8s/base/namespace.yaml')]);
  await waitFor(() => run('kubectl', ['apply', '--kustomize', join(repository, 'k8s/overlays/kind')]), {
    what: 'the platform, once its kinds are known',
    timeoutMs: 60_000,
    pollMs: 1_000,
  });
  // Its image may not be had where the tests run, and without Strimzi nothing else waits for it.
  await kubectl('scale', 'deployment/kafdrop', '--replicas=0');
  await startEngines();
  await actForMongo();
  say('Kafka and MongoDB serve, with users and rights');

  await helm('upgrade', '--install', 'order-pipeline', join(repository, 'helm/order-pipeline'), ...releaseValues());
  await actForStrimzi();
  for (const name of serviceNames) await kubectl('rollout', 'status', `deployment/${name}`, '--timeout=300s');
  say('the services are ready');
  await fillStock();
}

/** Of the article's order, so many that no test runs out of them. */
const stock = [
  { product_id: 'P001', price: 29.99 },
  { product_id: 'P002', price: 49.99 },
];

async function fillStock(): Promise<void> {
  await using forward = await portForward('service/inventory', services.inventory.port);
  for (const { product_id, price } of stock) {
    const answer = await putJson(`http://127.0.0.1:${forward.port}/inventory/${product_id}`, {
      quantity: 1_000_000,
      price,
    });
    if (answer.status !== 200)
      throw new Error(`PUT /inventory answers ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

/** Ready pods of a service, their successors or predecessors not counted. */
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
