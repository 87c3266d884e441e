import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { kubeTool, outputOf } from '../support/kube-tools.ts';
import { pinnedCharts } from './operator-crds.ts';
import { charted, renderChart, objectsOf, only, repository } from './render.ts';
import { skaffoldSchema } from './skaffold-schema.ts';

const setUpLimitMs = 30 * 60_000; // the first time: tools are built
jest.setTimeout(60_000); // helm is a process for each chart, and the machine may be busy

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-tools-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const read = (file: string): Promise<string> => readFile(join(repository, file), 'utf8');

describe('kind-config.yaml', () => {
  beforeAll(() => kubeTool('kind'), setUpLimitMs);

  /** kind itself, on a Docker that has nothing and makes nothing: a config that is valid gets as far as making the network. */
  async function createCluster(config: string): Promise<string> {
    const docker = join(dir, 'docker');
    writeFileSync(
      docker,
      '#!/bin/sh\ncase $1 in info) echo "{}";; ps|version|inspect) ;; *) echo "asked Docker to $*" >&2; exit 1;; esac\n',
    );
    chmodSync(docker, 0o755);
    const args = ['create', 'cluster', '--kubeconfig', join(dir, 'kubeconfig'), '--config', '-'];
    const env = { ...process.env, PATH: `${dir}${delimiter}${process.env.PATH}`, KIND_EXPERIMENTAL_PROVIDER: 'docker' };
    const { stdout, stderr } = spawnSync(await kubeTool('kind'), args, { input: config, env, encoding: 'utf8' });
    return stdout + stderr;
  }

  test('is valid for kind', async () => {
    expect(await createCluster(await read('kind-config.yaml'))).toContain('asked Docker to');
  });

  test('would be refused with a field misspelt', async () => {
    const misspelt = (await read('kind-config.yaml')).replace('role: worker', 'rolle: worker');
    expect(await createCluster(misspelt)).toMatch(/unknown field|rolle/);
  });

  test('asks for one control plane and two workers, of one image that cannot change', async () => {
    const { name, nodes } = parse(await read('kind-config.yaml')) as {
      name: string;
      nodes: { role: string; image: string }[];
    };
    expect(name).toBe('order-pipeline');
    expect(nodes.map(({ role }) => role)).toEqual(['control-plane', 'worker', 'worker']);
    for (const { image } of nodes) expect(image).toMatch(/^kindest\/node:v\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
    expect(new Set(nodes.map(({ image }) => image)).size).toBe(1);
  });
});

describe('skaffold.yaml', () => {
  let schema: string;
  beforeAll(async () => {
    await kubeTool('kubeconform');
    schema = await skaffoldSchema(dir);
  }, setUpLimitMs);

  const verdict = async (yaml: string): Promise<string> => {
    const file = join(dir, 'skaffold.yaml');
    writeFileSync(file, yaml);
    const args = ['-strict', '-schema-location', schema, '-summary', file];
    return outputOf(await kubeTool('kubeconform'), args).catch(
      ({ cause }: Error) => (cause as { stdout: string }).stdout,
    );
  };

  test("is valid by Skaffold's own schema", async () => {
    expect(await verdict(await read('skaffold.yaml'))).toMatch(/3 resources.*Valid: 3, Invalid: 0, Errors: 0/s);
  });

  test('would be refused with a field misspelt', async () => {
    const misspelt = (await read('skaffold.yaml')).replace('valuesFiles:', 'valueFiles:');
    expect(await verdict(misspelt)).toMatch(/Invalid: 1/);
  });

  test('brings up operators, platform and services, each after the one before', async () => {
    const configs = await skaffold();
    expect(configs.map(({ metadata, requires }) => [metadata.name, requires?.[0]?.configs[0]])).toEqual([
      ['operators', undefined],
      ['platform', 'operators'],
      ['services', 'platform'],
    ]);
    for (const release of configs.flatMap(({ deploy }) => deploy.helm?.releases ?? [])) {
      expect(release.wait).toBe(true);
    }
  });

  test('pins each operator', () => {
    expect(pinnedCharts().map(({ name }) => name)).toEqual(['cert-manager', 'strimzi', 'mongodb-kubernetes']);
    for (const { version } of pinnedCharts()) expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
  });

  test('builds the image of each service that has a chart, and passes its address to the chart', async () => {
    const services = (await skaffold()).at(-1)!;
    const built = services.build!.artifacts.map(({ docker }) => docker.buildArgs['SERVICE']);
    expect(built).toEqual([...charted.map(({ name }) => name), 'consumer-scaler']);
    for (const { image, docker } of services.build!.artifacts) {
      const service = docker.buildArgs['SERVICE']!;
      const container = only(objectsOf(await renderChart(service)), 'Deployment')['spec'].template.spec.containers[0];
      expect(container.image.split(':')[0]).toBe(image);
      const variable = image.replaceAll(/\W/g, '_');
      expect(services.deploy.helm!.releases[0]!.setValueTemplates).toMatchObject({
        [`${service}.image.repository`]: `{{.IMAGE_REPO_${variable}}}`,
        [`${service}.image.tag`]: `{{.IMAGE_TAG_${variable}}}`,
      });
    }
  });

  test('builds the same images for development, those of the services to restart node when a file changes', async () => {
    const { build, profiles } = (await skaffold()).at(-1)!;
    const dev = profiles!.find(({ name }) => name === 'dev')!.build!.artifacts;
    expect(dev).toEqual(
      build!.artifacts.map(({ docker, ...artifact }) => ({
        ...artifact,
        docker: {
          ...docker,
          target: charted.some(({ name }) => name === docker.buildArgs['SERVICE']) ? 'dev' : 'runtime',
        },
      })),
    );
  });

  test("forwards each service's port, and those of the UIs", async () => {
    const forwarded = (await skaffold()).flatMap(({ portForward }) => portForward ?? []);
    const ports = Object.fromEntries(
      forwarded.map(({ resourceName, port, localPort }) => [resourceName, [port, localPort]]),
    );
    expect(ports).toEqual({
      ...Object.fromEntries(charted.map(({ name, port }) => [name, [port, port]])),
      kafdrop: [9000, 9000],
      'mongo-express': [8081, 8081],
    });
  });

  test('has profiles whose patches find what they patch', async () => {
    for (const config of await skaffold()) {
      for (const { patches } of config.profiles ?? []) {
        for (const { op, path } of patches) {
          const at = path.split('/').slice(1, op === 'add' ? -1 : undefined);
          const found = at.reduce<unknown>(
            (value, key) => (value as Record<string, unknown> | undefined)?.[key],
            config,
          );
          expect({ path, found: found !== undefined }).toEqual({ path, found: true });
        }
      }
    }
  });
});

test('docs/operations.md names the versions that skaffold.yaml pins', async () => {
  const text = await read('docs/operations.md');
  for (const { version } of pinnedCharts()) expect(text).toContain(`--version ${version}`);
});

interface SkaffoldConfig {
  readonly metadata: { readonly name: string };
  readonly requires?: readonly { readonly configs: readonly string[] }[];
  readonly build?: Build;
  readonly deploy: {
    readonly helm?: { readonly releases: readonly { wait?: boolean; setValueTemplates?: Record<string, string> }[] };
  };
  readonly portForward?: readonly { resourceName: string; port: number; localPort: number }[];
  readonly profiles?: readonly {
    readonly name: string;
    readonly build?: Build;
    readonly patches: readonly { readonly op: string; readonly path: string }[];
  }[];
}

interface Build {
  readonly artifacts: readonly { readonly image: string; readonly docker: { buildArgs: Record<string, string> } }[];
}

const skaffold = async (): Promise<SkaffoldConfig[]> =>
  parseAllDocuments(await read('skaffold.yaml')).map((document) => document.toJS() as SkaffoldConfig);
