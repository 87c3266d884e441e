import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { kubeTool, outputOf } from '../support/kube-tools.ts';
import { renderAll, type Rendered } from './all-manifests.ts';
import { schemaLocations } from './schemas.ts';

const setUpLimitMs = 30 * 60_000; // the first time: tools are built, schemas fetched
const limitMs = 60_000;

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-manifests-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Verdict {
  readonly filename: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly msg: string;
}

let locations: string[];
let everything: Rendered[];
beforeAll(async () => {
  locations = await schemaLocations(join(dir, 'schemas'));
  everything = await renderAll();
}, setUpLimitMs);

async function kubeconform(files: readonly string[]): Promise<Verdict[]> {
  const args = ['-strict', '-output', 'json', '-n', '2', ...locations.flatMap((each) => ['-schema-location', each])];
  // It ends with an error when it finds one, and says which on its standard output.
  const answer = await outputOf(await kubeTool('kubeconform'), [...args, ...files]).catch((error: Error) => {
    const { stdout } = error.cause as { stdout?: string };
    if (!stdout) throw error;
    return stdout;
  });
  return (JSON.parse(answer) as { resources?: Verdict[] }).resources ?? [];
}

function write(name: string, yaml: string): string {
  const file = join(dir, `${name.replaceAll(/\W+/g, '-')}.yaml`);
  writeFileSync(file, yaml);
  return file;
}

describe('every chart and overlay, in every profile', () => {
  test(
    'is what the API server and the operators know, without a field that they would drop',
    async () => {
      const faults = await kubeconform(everything.map(({ what, yaml }) => write(what, yaml)));
      expect(faults.map(({ filename, kind, name, msg }) => `${filename} ${kind} ${name}: ${msg}`)).toEqual([]);
    },
    limitMs,
  );

  test(
    'would be refused with a field misspelt, in a kind of Kubernetes and in one of each operator',
    async () => {
      const all = everything.flatMap(({ objects }) => objects);
      const kinds = [
        'Deployment',
        'NetworkPolicy',
        'Kafka',
        'KafkaUser',
        'MongoDBCommunity',
        'Certificate',
        'PodMonitor',
        'PrometheusRule',
        'ScaledObject',
        'ConsumerScaler',
      ];
      const files = kinds.map((kind) => {
        const object = structuredClone(all.find((each) => each.kind === kind)!);
        return write(`misspelt ${kind}`, stringify({ ...object, spec: { ...object['spec'], misspelt: true } }));
      });
      const faults = await kubeconform(files);
      expect(faults.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
    },
    limitMs,
  );

  test('defines each object once', () => {
    const umbrella = everything.find(({ what }) => what === 'chart order-pipeline, default')!;
    for (const overlay of everything.filter(({ what }) => what.startsWith('overlay'))) {
      const names = [...umbrella.objects, ...overlay.objects].map(
        ({ kind, metadata }) => `${kind} ${metadata['name']}`,
      );
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });

  test('stays in its one namespace, and without that, because to delete an overlay would delete every volume', () => {
    for (const { objects } of everything.filter(({ what }) => what.startsWith('overlay'))) {
      const elsewhere = objects.filter(({ metadata }) => metadata['namespace'] !== 'order-pipeline');
      expect(elsewhere.map(({ kind, metadata }) => `${kind} ${metadata['name']}`)).toEqual([]);
    }
  });
});
