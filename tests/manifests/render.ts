/** Charts and overlays as they would go to the API server, in each way in which we say that they can be used. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { everyService, type ServiceEntry } from '@order-pipeline/events';
import { kubeTool, outputOf } from '../support/kube-tools.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const namespace = 'order-pipeline';

/** What the charts say they need; helm without a cluster would take its own default for it. */
const kubeVersion = '1.34.0';

// oxlint-disable-next-line typescript/no-explicit-any -- each kind has its own shape, and tests look deep into it.
export type KubeObject = { apiVersion: string; kind: string; metadata: Record<string, any>; [field: string]: any };

/** The services of the registry that have a chart; a service that only reads may have none. */
export const charted: readonly ServiceEntry[] = Object.values(everyService).filter(({ name }) =>
  existsSync(join(repository, 'helm', name)),
);

/** `helm template`; rejects with what helm says, such as the sentence of a check. */
export async function renderChart(chart: string, ...args: readonly string[]): Promise<string> {
  const dir = isAbsolute(chart) ? chart : join(repository, 'helm', chart);
  const where = ['--namespace', namespace, '--kube-version', kubeVersion];
  return outputOf(await kubeTool('helm'), ['template', basename(dir), dir, ...where, ...args]);
}

export const renderOverlay = async (name: string): Promise<string> =>
  outputOf(await kubeTool('kustomize'), ['build', join(repository, 'k8s/overlays', name)]);

export const overlays = (): string[] => readdirSync(join(repository, 'k8s/overlays'));
export const jobs = (): string[] => readdirSync(join(repository, 'k8s/jobs'));

export const objectsOf = (yaml: string): KubeObject[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);

export const only = (objects: readonly KubeObject[], kind: string, name?: string): KubeObject => {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata['name'] === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}, expected one`);
  return found[0]!;
};

const set = (...values: readonly string[]): string[] => values.flatMap((value) => ['--set', value]);
const values = (file: string): string[] => ['--values', join(repository, 'helm/order-pipeline', file)];

/** Every way to use a service's chart: its name and the arguments that ask for it. */
export const chartProfiles: Readonly<Record<string, readonly string[]>> = {
  default: [],
  'fixed replicas': set('replicas=3'),
  'scaled by CPU': set('autoscaling.engine=hpa'),
  'scaled by lag': set('autoscaling.engine=scaler'),
  'scaled by KEDA': set('autoscaling.engine=keda', 'autoscaling.keda.authentication=kafka'),
  'watched by the Prometheus operator': set('metrics.podMonitor=true', 'metrics.podMonitorLabels.team=shop'),
  'Kafka and MongoDB elsewhere': set(
    'kafka.external.bootstrapServers=b-1.example.com:9096\\,b-2.example.com:9096',
    'mongodb.external.uriSecret.name=atlas',
  ),
  'elsewhere, with authorities of their own': set(
    'kafka.external.bootstrapServers=kafka.example.com:9093,kafka.external.caSecret=kafka-ca',
    'mongodb.external.uriSecret.name=mongo,mongodb.external.caSecret=mongo-ca',
  ),
  'every choice of place': set(
    'priorityClassName=high,nodeSelector.disk=ssd,podAnnotations.a=b,podLabels.team=shop',
    'image.repository=registry.example.com/x,image.tag=1.2.3,image.pullSecrets[0].name=pull',
    'tolerations[0].key=spot,tolerations[0].operator=Exists',
    'networkPolicy.clients[0].podSelector.matchLabels.app=gateway',
    'networkPolicy.egress[0].ports[0].port=443',
    'kafka.extraAcls[0].resource.type=cluster,kafka.extraAcls[0].operations[0]=Describe',
    'config.LOG_LEVEL=warn',
  ),
};

/** Every way to use the operator's chart, for anyone's consumers. */
export const scalerProfiles: Readonly<Record<string, readonly string[]>> = {
  default: [],
  'of all namespaces': set('scope=cluster,readableSecrets[0]=scaler-password,readableSecrets[1]=kafka-ca'),
  'watched by the Prometheus operator': set('metrics.podMonitor=true,metrics.podMonitorLabels.team=shop'),
  'with Strimzi, in a closed namespace': set(
    'strimzi.cluster=pipeline,networkPolicy.enabled=true,networkPolicy.egress[0].ports[0].port=9093',
  ),
  'every choice of place': set(
    'image.repository=registry.example.com/x,image.tag=1.2.3,image.pullSecrets[0].name=pull,priorityClassName=high',
    'nodeSelector.disk=ssd,tolerations[0].key=spot,tolerations[0].operator=Exists,podLabels.team=shop,podAnnotations.a=b',
    'config.RELIST_SECONDS=600,logLevel=debug,replicas=1',
  ),
};

export const umbrellaProfiles: Readonly<Record<string, readonly string[]>> = {
  default: [],
  development: values('values-dev.yaml'),
  production: values('values-production.yaml'),
  unscaled: values('values-unscaled.yaml'),
  'production, unscaled': [...values('values-production.yaml'), ...values('values-unscaled.yaml')],
  'engines elsewhere': set(
    'global.kafka.external.bootstrapServers=kafka.example.com:9096',
    'global.mongodb.external.uriSecret.name=atlas',
  ),
  'engines elsewhere, with authorities of their own': set(
    'global.kafka.external.bootstrapServers=b-1.example.com:9096\\,b-2.example.com:9098',
    'global.kafka.external.caSecret=kafka-ca,global.kafka.external.scaler.username=looker',
    'global.mongodb.external.uriSecret.name=mongo,global.mongodb.external.caSecret=mongo-ca',
    'global.mongodb.external.ports={27015,27016}',
  ),
  'without shipment': set('shipment.enabled=false'),
};
