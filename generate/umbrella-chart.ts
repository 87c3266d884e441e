/**
 * The chart of the whole pipeline: a dependency and values for each service of the registry. generate/parts/values*.yaml
 * says what services of a role get (`roles`), and what a chart gets beside that (`values`).
 */
import type { Role } from '@order-pipeline/events';
import { generatedJson, generatedText, registryFile, type Artifact } from './artifact.ts';
import { entries, readText, release } from './repository.ts';
import { mergeInto, parsePart, yamlDocument, yamlText } from './yaml.ts';

const chart = 'helm/order-pipeline';
/** Charts that are no services: they are written by hand. */
const otherCharts = ['auditor', 'consumer-scaler'];
const charts = [...entries.map(({ name }) => name), ...otherCharts];

const chartFile = {
  apiVersion: 'v2',
  name: 'order-pipeline',
  description: 'All services of the pipeline; the platform that they need (Kafka, MongoDB) is in k8s/',
  type: 'application',
  version: release,
  appVersion: release,
  kubeVersion: '>=1.30.0-0',
  dependencies: charts.map((name) => ({
    name,
    version: release,
    repository: `file://../${name}`,
    condition: `${name}.enabled`,
  })),
};

const object = { type: 'object' };
const valuesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Values of the chart order-pipeline',
  type: 'object',
  additionalProperties: false,
  properties: {
    ...Object.fromEntries(charts.map((name) => [name, object])),
    global: { type: 'object', additionalProperties: false, properties: { kafka: object, mongodb: object } },
  },
};

function values(text: string): string {
  const part = parsePart(text);
  const { roles } = part.toJS() as { roles: Readonly<Record<Role, object>> };
  const document = yamlDocument(Object.fromEntries(entries.map(({ name, role }) => [name, roles[role]])));
  if (part.has('values')) mergeInto(document.contents, part.get('values'));
  document.commentBefore = part.commentBefore;
  return yamlText(document);
}

export const umbrellaChart = (): Artifact[] => [
  generatedText(`${chart}/Chart.yaml`, [registryFile], yamlText(chartFile)),
  ...['values.yaml', 'values-production.yaml', 'values-unscaled.yaml', 'values-dev.yaml'].map((name) => {
    const part = `generate/parts/${name}`;
    return generatedText(`${chart}/${name}`, [registryFile, part], values(readText(part)));
  }),
  generatedJson(`${chart}/values.schema.json`, [registryFile], valuesSchema),
  ...charts.map((name) => ({ path: `${chart}/charts/${name}`, link: `../../${name}` })),
  { path: 'helm/auditor/charts/service-lib', link: '../../service-lib' },
];
