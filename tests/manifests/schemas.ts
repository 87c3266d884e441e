/**
 * JSON schemas for kubeconform, made here because its usual site speaks of releases, not of what we run on: Kubernetes'
 * from the swagger file in its Go module, the operators' from their CustomResourceDefinitions.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { fromGoModule } from '../support/kube-tools.ts';
import { operatorCrds } from './operator-crds.ts';
import { repository } from './render.ts';

type Schema = { [key: string]: unknown };
const fieldsOf = (schema: Schema, key: string): Record<string, Schema> => (schema[key] ?? {}) as Record<string, Schema>;

/** Counts changes of what is made here of the same release. */
const edition = 1;
const kubernetes = { module: 'k8s.io/kubernetes', version: 'v1.34.4', name: `kubernetes-schemas-${edition}` };

/** Templates of -schema-location: Kubernetes' kinds, and those of the custom resources in `dir`. */
export async function schemaLocations(dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  for (const file of [...(await operatorCrds()), ...ownCrds()]) await writeCrdSchemas(file, dir);
  return [await kubernetesSchemas(), dir].map((folder) => join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json'));
}

const kubernetesSchemas = (): Promise<string> =>
  fromGoModule(kubernetes, async (module, dir) => {
    const swagger = JSON.parse(await readFile(join(module, 'api/openapi-spec/swagger.json'), 'utf8')) as Schema;
    const definitions = Object.fromEntries(
      Object.entries(fieldsOf(swagger, 'definitions')).map(([name, schema]) => [name, known(name) ?? strict(schema)]),
    );
    for (const [name, schema] of Object.entries(fieldsOf(swagger, 'definitions'))) {
      const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as {
        group: string;
        version: string;
        kind: string;
      }[];
      // What has several belongs to every group (DeleteOptions), and is no manifest.
      if (kinds.length !== 1) continue;
      const { group, version, kind } = kinds[0]!;
      const used = Object.fromEntries([...reachable(name, definitions)].map((each) => [each, definitions[each]]));
      const file = [kind, group.split('.')[0], version].filter(Boolean).join('-').toLowerCase();
      await writeFile(join(dir, `${file}.json`), JSON.stringify({ ...definitions[name], definitions: used }));
    }
  });

/** Types whose JSON is not what their Go type would say. */
function known(name: string): Schema | undefined {
  if (name.endsWith('.Quantity')) return { type: ['string', 'number'] };
  if (name.endsWith('.IntOrString')) return { type: ['string', 'integer'] };
  return undefined;
}

function reachable(name: string, definitions: Record<string, Schema>, found = new Set<string>()): Set<string> {
  for (const [, each] of JSON.stringify(definitions[name]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    if (found.has(each!)) continue;
    found.add(each!);
    reachable(each!, definitions, found);
  }
  return found;
}

async function writeCrdSchemas(file: string, dir: string): Promise<void> {
  for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
    const crd = document.toJS() as CustomResourceDefinition | null;
    if (crd?.kind !== 'CustomResourceDefinition') continue;
    const { group, names, versions } = crd.spec;
    for (const version of versions.filter(({ served }) => served)) {
      const name = [names.kind, group.split('.')[0], version.name].join('-').toLowerCase();
      const schema = strict(version.schema.openAPIV3Schema);
      fieldsOf(schema, 'properties')['metadata'] = { type: 'object' };
      await writeFile(join(dir, `${name}.json`), JSON.stringify(schema));
    }
  }
}

interface CustomResourceDefinition {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The schema without room for fields that it does not know; the API server would drop them without a word. */
function strict(schema: Schema): Schema {
  if (schema['$ref'] !== undefined) return { $ref: schema['$ref'] };
  if (schema['x-kubernetes-int-or-string'] === true || schema['format'] === 'int-or-string') {
    return { type: ['string', 'integer'] };
  }
  const copy: Schema = {};
  for (const key of [
    'type',
    'enum',
    'required',
    'pattern',
    'minimum',
    'maximum',
    'minLength',
    'maxLength',
    'minItems',
  ]) {
    if (schema[key] !== undefined) copy[key] = schema[key];
  }
  if (schema['nullable'] === true) copy['type'] = [schema['type'], 'null'];
  if (schema['items'] !== undefined) copy['items'] = strict(schema['items'] as Schema);
  const properties = Object.entries(fieldsOf(schema, 'properties'));
  if (properties.length > 0) {
    copy['properties'] = Object.fromEntries(properties.map(([name, each]) => [name, strict(each)]));
    copy['additionalProperties'] = schema['x-kubernetes-preserve-unknown-fields'] === true;
  }
  if (typeof schema['additionalProperties'] === 'object') {
    copy['additionalProperties'] = strict(schema['additionalProperties'] as Schema);
  }
  return copy;
}

/** Of the resources that are ours: helm/<chart>/crds. */
function ownCrds(): string[] {
  const charts = join(repository, 'helm');
  return readdirSync(charts)
    .map((chart) => join(charts, chart, 'crds'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
}
