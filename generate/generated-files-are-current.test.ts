import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { generatedJson, generatedText, mark, type Artifact } from './artifact.ts';
import { artifacts } from './artifacts.ts';
import { eventIndex } from './event-index.ts';
import { readText, repository } from './repository.ts';
import { apply, leftovers, stale } from './writer.ts';

jest.setTimeout(60_000); // prettier formats every file, and the machine may be busy

const all = [eventIndex(), ...(await artifacts())];
const names = (changes: readonly { readonly path: string }[]): string[] => changes.map(({ path }) => path);

describe('the repository', () => {
  test('has every generated file as it is generated, and none that is no longer generated', async () => {
    expect(names(await stale(repository, all))).toEqual([]);
    expect(names(leftovers(repository, all))).toEqual([]);
  });

  test('has generated files whose beginning says so, and names what to edit', () => {
    const files = names(all.filter((artifact) => 'text' in artifact)).filter((path) => !path.includes('/releases/'));
    const silent = files.filter((path) => !readText(path).split('\n').slice(0, 2).join('').includes(mark));
    expect(silent).toEqual([]);
  });
});

describe('npm run generate', () => {
  let root: string;
  const chart: Artifact[] = [
    generatedText('helm/loyalty/Chart.yaml', ['the registry'], 'name: loyalty\n'),
    generatedJson('helm/loyalty/values.schema.json', ['the registry'], { type: 'object' }),
    { path: 'helm/loyalty/charts/service-lib', link: '../../service-lib' },
  ];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'order-pipeline-generate-'));
    mkdirSync(join(root, 'helm'));
    mkdirSync(join(root, 'k8s'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const generate = async (generated: readonly Artifact[]): Promise<void> => {
    for (const change of [...(await stale(root, generated)), ...leftovers(root, generated)]) apply(root, change);
  };

  test('writes what is missing, and then finds nothing stale', async () => {
    expect(names(await stale(root, chart))).toEqual(names(chart));
    await generate(chart);
    expect(await stale(root, chart)).toEqual([]);
    expect(lstatSync(join(root, 'helm/loyalty/charts/service-lib')).isSymbolicLink()).toBe(true);
  });

  test('names a file that was edited, and a link that leads elsewhere', async () => {
    await generate(chart);
    write('helm/loyalty/Chart.yaml', 'name: loyalties\n');
    rmSync(join(root, 'helm/loyalty/charts/service-lib'));
    symlinkSync('../elsewhere', join(root, 'helm/loyalty/charts/service-lib'));
    expect(names(await stale(root, chart))).toEqual(['helm/loyalty/Chart.yaml', 'helm/loyalty/charts/service-lib']);
    await generate(chart);
    expect(readFileSync(join(root, 'helm/loyalty/Chart.yaml'), 'utf8')).toContain('name: loyalty\n');
  });

  test('removes what it generated for a service that the registry no longer has, and nothing hand-written', async () => {
    await generate(chart);
    write('helm/consumer-scaler/Chart.yaml', 'name: consumer-scaler\n');
    expect(names(leftovers(root, [])).toSorted()).toEqual(names(chart).toSorted());
    await generate([]);
    expect(leftovers(root, [])).toEqual([]);
    expect(readFileSync(join(root, 'helm/consumer-scaler/Chart.yaml'), 'utf8')).toBe('name: consumer-scaler\n');
  });
});
