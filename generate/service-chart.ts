/**
 * The chart of a service: what its entry in the registry says, in the words of helm/service-lib. What only this service
 * has comes from services/<name>/chart: values.yaml, templates/, and first-request.txt for the notes.
 */
import { partitionsOf, variablePrefix, type ServiceEntry } from '@order-pipeline/events';
import { generatedText, registryFile, type Artifact } from './artifact.ts';
import { entries, filesIn, readPart, readText, release, settingsOf } from './repository.ts';
import { secretSettings, valuesSchema } from './values-schema.ts';
import { mergeInto, parsePart, yamlDocument, yamlText } from './yaml.ts';

const chartFile = ({ name, description }: ServiceEntry): object => ({
  apiVersion: 'v2',
  name,
  description: `The ${name} service ${description}`,
  type: 'application',
  version: release,
  appVersion: release,
  kubeVersion: '>=1.30.0-0',
  dependencies: [
    { name: 'service-lib', version: release, repository: 'file://../service-lib', 'import-values': ['service'] },
  ],
});

/** The setting by which a service learns where to reach another one. */
const urlSetting = ({ name }: ServiceEntry): string => `${variablePrefix(name)}_URL`;

const withPartitions = (topics: readonly string[]): Record<string, number> =>
  Object.fromEntries(topics.map((topic) => [topic, partitionsOf(topic)]));

async function values(entry: ServiceEntry, part: string | undefined): Promise<string> {
  const { name, description, port, consumerGroup, consumes, produces } = entry;
  const { shape } = await settingsOf(name);
  const urls = entries.filter((other) => urlSetting(other) in shape);
  const document = yamlDocument({
    port,
    consumerGroup,
    consumes: withPartitions(consumes),
    produces: withPartitions(produces),
    ...(urls.length > 0 && {
      config: Object.fromEntries(urls.map((other) => [urlSetting(other), `http://${other.name}:${other.port}`])),
    }),
  });
  document.commentBefore =
    ` The ${name} service ${description}.\n` +
    ' The values that all services have, with their defaults: helm/service-lib/values.yaml. Topics are listed with their\n' +
    ' partitions: a group has work for as many pods as the largest topic that it consumes has partitions.';
  if (part !== undefined) mergeInto(document.contents, parsePart(part).contents);
  const secrets = await secretSettings(name);
  if (secrets.length > 0) document.comment = ` configFromSecrets takes ${secrets.join(' and ')}.`;
  return yamlText(document);
}

const notes = ({ port }: ServiceEntry, request = `curl http://localhost:${port}/openapi.json`): string =>
  `{{- $request := \`${request.trim()}\` }}\n{{- include "service-lib.notes" (dict "root" . "request" $request) }}\n`;

export async function serviceChart(entry: ServiceEntry): Promise<Artifact[]> {
  const chart = `helm/${entry.name}`;
  const own = `services/${entry.name}/chart`;
  return [
    generatedText(`${chart}/Chart.yaml`, [registryFile], yamlText(chartFile(entry))),
    generatedText(`${chart}/values.yaml`, [registryFile, own], await values(entry, readPart(`${own}/values.yaml`))),
    await valuesSchema(entry.name),
    generatedText(`${chart}/templates/service.yaml`, [registryFile], '{{- include "service-lib.service" . }}\n'),
    generatedText(`${chart}/templates/NOTES.txt`, [own], notes(entry, readPart(`${own}/first-request.txt`))),
    ...filesIn(`${own}/templates`).map((name) =>
      generatedText(`${chart}/templates/${name}`, [`${own}/templates`], readText(`${own}/templates/${name}`)),
    ),
    { path: `${chart}/charts/service-lib`, link: '../../service-lib' },
  ];
}
