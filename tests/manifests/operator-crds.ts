/**
 * The CustomResourceDefinitions of the operators: from CRD_DIR, or from the very charts that skaffold.yaml pins, fetched
 * once. Those of cert-manager, the Prometheus operator and KEDA lie in their Go modules, and come from there wherever
 * CRD_DIR has none.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cached } from '../../dev/engines/cache.ts';
import { fromGoModule, kubeTool, outputOf } from '../support/kube-tools.ts';
import { SetupError } from '../../dev/setup-error.ts';
import { repository } from './render.ts';

export interface PinnedChart {
  readonly name: string;
  readonly remoteChart: string;
  readonly repo?: string;
  readonly version: string;
  readonly namespace: string;
  readonly valuesFiles: readonly string[];
}

/** The operators' Helm releases, as skaffold.yaml pins them. */
export function pinnedCharts(): PinnedChart[] {
  const configs = parseAllDocuments(readFileSync(join(repository, 'skaffold.yaml'), 'utf8')).map(
    (document) =>
      document.toJS() as {
        metadata: { name: string };
        deploy?: { helm?: { releases: (PinnedChart & { remoteChart?: string })[] } };
      },
  );
  return configs
    .flatMap(({ deploy }) => deploy?.helm?.releases ?? [])
    .filter(({ remoteChart }) => remoteChart !== undefined);
}

const operators = (): PinnedChart[] => pinnedCharts().filter(({ name }) => name !== 'cert-manager');

export async function operatorCrds(): Promise<string[]> {
  const given = process.env.CRD_DIR;
  if (given !== undefined && given !== '') {
    if (!existsSync(given))
      throw new SetupError(`CRD_DIR=${given} is no folder; it should hold the operators' CRDs as YAML.`);
    const files = yamlFiles(given);
    const missing = modules.filter(({ mark }) => !files.some((file) => readFileSync(file, 'utf8').includes(mark)));
    return [...files, ...(await moduleCrds(missing))];
  }
  const folders = await Promise.all(operators().map(chartCrds));
  return [...folders.flatMap(yamlFiles), ...(await moduleCrds(modules))];
}

const yamlFiles = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => join(dir, name));

function chartCrds({ name, remoteChart, repo, version }: PinnedChart): Promise<string> {
  return cached(`${name}-crds-${version}`, async (dir) => {
    const source = repo === undefined ? [remoteChart] : [remoteChart, '--repo', repo];
    try {
      const crds = await outputOf(await kubeTool('helm'), ['show', 'crds', ...source, '--version', version]);
      await writeFile(join(dir, 'crds.yaml'), crds.slice(crds.indexOf('apiVersion')));
    } catch (error) {
      throw new SetupError(
        `The CustomResourceDefinitions of ${name} ${version} are neither in CRD_DIR (not set) nor could its chart be had ` +
          `(${(error as Error).message.split('\n').at(-1)}).\n` +
          `Set CRD_DIR to a folder with the CRDs of ${operators()
            .map((chart) => `${chart.name} ${chart.version}`)
            .join(', ')} as YAML files, or let helm reach ${repo ?? remoteChart}.`,
      );
    }
  });
}

interface ModuleWithCrds {
  readonly module: string;
  readonly version: string;
  readonly folder: string;
  /** What only its definitions say. */
  readonly mark: string;
}

const modules: readonly ModuleWithCrds[] = [
  {
    module: 'github.com/cert-manager/cert-manager',
    version: pinnedCharts().find(({ name }) => name === 'cert-manager')!.version,
    folder: 'deploy/crds',
    mark: 'group: cert-manager.io',
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.93.0',
    folder: 'example/prometheus-operator-crd',
    mark: 'group: monitoring.coreos.com',
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.20.2',
    folder: 'config/crd/bases',
    mark: 'group: keda.sh',
  },
];

async function moduleCrds(wanted: readonly ModuleWithCrds[]): Promise<string[]> {
  const found = wanted.map(async ({ module, version, folder }) => {
    const name = `${module.split('/')[2]}-crds`;
    const dir = await fromGoModule({ module, version, name }, async (moduleDir, draft) => {
      for (const file of yamlFiles(join(moduleDir, folder))) await copyFile(file, join(draft, basename(file)));
    });
    return yamlFiles(dir);
  });
  return (await Promise.all(found)).flat();
}
