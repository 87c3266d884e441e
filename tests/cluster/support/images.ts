/**
 * Builds images and loads them into the cluster. IMAGE_ADAPTER is a shell command that gets an image's name, a context and
 * options of `docker build`; it has to build the image and make it available to the cluster's nodes. By default it uses
 * Docker and the kind cluster KIND_CLUSTER, which by default is not the one of `npm run kind:up`. For another cluster it
 * may be `docker build … && docker push …`.
 *
 *   IMAGE_ADAPTER='docker build --tag "$1" "${@:3}" "$2" && minikube image load "$1"'
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../manifests/render.ts';
import { run } from './kubectl.ts';

const kind =
  'docker build --tag "$1" "${@:3}" "$2" && kind load docker-image "$1" --name "${KIND_CLUSTER:-order-pipeline-test}"';

const adapter = process.env.IMAGE_ADAPTER || kind;

export const version = '0.1.0';
/** The same sources with another version, for upgrades. */
export const nextVersion = '0.1.1';

export const buildImage = (name: string, context: string, ...options: readonly string[]): Promise<string> =>
  run('bash', ['-c', adapter, 'image-adapter', name, context, ...options]);

const buildService = (service: string, tag: string, workspace = `services/${service}`): Promise<string> =>
  buildImage(
    `order-pipeline/${service}:${tag}`,
    repository,
    '--build-arg',
    `SERVICE=${service}`,
    '--build-arg',
    `WORKSPACE=${workspace}`,
    '--build-arg',
    `VERSION=${tag}`,
  );

/** The images of the services, the scaler and the tools, from this tree. */
export async function buildImages(services: readonly string[]): Promise<void> {
  for (const service of services) {
    for (const tag of [version, nextVersion]) await buildService(service, tag);
  }
  await buildService('consumer-scaler', version, 'operator');
  await buildImage(`order-pipeline/tools:${version}`, repository, '--build-arg', 'WORKSPACE=tools');
}

/** Mongo Express from npm, under the name of its image, which may not be available where the tests run. */
export async function buildMongoExpress(): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'mongo-express-'));
  try {
    await cp(join(repository, 'tests/cluster/manifests/mongo-express.Dockerfile'), join(context, 'Dockerfile'));
    await buildImage('mongo-express:1.0.2-20-alpine3.19', context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

export const engineImages = {
  kafka: process.env.KAFKA_IMAGE || 'apache/kafka:4.2.0',
  mongod: process.env.MONGOD_IMAGE || 'mongo:8.2',
};
