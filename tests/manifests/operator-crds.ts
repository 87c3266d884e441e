/**
 * The CustomResourceDefinitions of the operators: from CRD_DIR, or from the very charts that skaffold.yaml pins, fetched
 * once. cert-manager's and the Prometheus operator's lie in their Go modules too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cached } from '../../dev/engines/cache.ts';
import { fromGoModule, kubeTool, outputOf } from '../../dev/kube-tools.ts';
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
    const missing = [certManager, prometheusOperator].filter(
      ({ mark }) => !files.some((file) => readFileSync(file, 'utf8').includes(mark)),
    );
    return [...files, ...(await Promise.all(missing.map((extra) => extra.files()))).flat()];
  }
  const folders = await Promise.all(operators().map(chartCrds));
  return [...folders.flatMap(yamlFiles), ...(await certManager.files()), ...(await prometheusOperator.files())];
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

const fromModule = (module: string, version: string, name: string, folder: string, mark: string) => ({
  mark,
  async files() {
    const dir = await fromGoModule(module, version, name, async (moduleDir, draft) => {
      for (const file of yamlFiles(join(moduleDir, folder))) await copyFile(file, join(draft, file.split('/').at(-1)!));
    });
    return yamlFiles(dir);
  },
});

const certManager = fromModule(
  'github.com/cert-manager/cert-manager',
  pinnedCharts().find(({ name }) => name === 'cert-manager')!.version,
  'cert-manager-crds',
  'deploy/crds',
  'group: cert-manager.io',
);

const prometheusOperator = fromModule(
  'github.com/prometheus-operator/prometheus-operator',
  'v0.85.0',
  'prometheus-operator-crds',
  'example/prometheus-operator-crd',
  'group: monitoring.coreos.com',
);
