import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { kubeTool } from '../support/kube-tools.ts';
import { objectsOf, only, renderChart, repository } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: helm is built
jest.setTimeout(60_000); // helm is a process for each chart, and the machine may be busy

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-charts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(join(dir, file), change(readFileSync(join(dir, file), 'utf8')));
}

/** What docs/operations.md says of a new service's chart. */
beforeAll(async () => {
  await kubeTool('helm');
  cpSync(join(repository, 'helm'), dir, { recursive: true, verbatimSymlinks: true });
  cpSync(join(dir, 'shipment'), join(dir, 'loyalty'), { recursive: true, verbatimSymlinks: true });
  for (const file of readdirSync(join(dir, 'loyalty'), { recursive: true, encoding: 'utf8' })) {
    if (/\.(ya?ml|txt|json)$/.test(file) && !file.startsWith('charts')) {
      edit(join('loyalty', file), (text) => text.replaceAll('shipment', 'loyalty').replaceAll('8004', '8005'));
    }
  }
  edit('loyalty/values.yaml', (text) =>
    text.replace(/consumes:[^]*/, 'consumes:\n  shipment_processed: 12\nproduces:\n  points_granted: 6\n'),
  );
  symlinkSync('../../loyalty', join(dir, 'order-pipeline/charts/loyalty'));
  edit('order-pipeline/Chart.yaml', (text) =>
    text.replace(
      'dependencies:',
      'dependencies:\n  - { name: loyalty, version: 0.1.0, repository: "file://../loyalty" }',
    ),
  );
  edit('order-pipeline/values.schema.json', (text) =>
    text.replace('"order": {', '"loyalty": { "type": "object" },\n"order": {'),
  );
}, setUpLimitMs);

test('a fifth service, its chart copied and told what it consumes and produces, is all there', async () => {
  const objects = objectsOf(await renderChart(join(dir, 'loyalty')));
  expect(only(objects, 'Deployment')['spec'].template.spec.containers[0]).toMatchObject({
    image: 'order-pipeline/loyalty:0.1.0',
    ports: [{ containerPort: 8005 }],
  });
  expect(only(objects, 'Service', 'loyalty')['spec'].ports[0].port).toBe(8005);
  const topics = objects.filter(({ kind }) => kind === 'KafkaTopic');
  expect(topics.map(({ spec }) => [spec['topicName'], spec['partitions']])).toEqual([
    ['points_granted', 6],
    ['loyalty-service.dlq', 1],
    ['loyalty-service.dlq.resolved', 1],
  ]);
  expect(only(objects, 'KafkaUser', 'loyalty-service')['spec'].authorization.acls).toContainEqual({
    resource: { type: 'topic', name: 'shipment_processed', patternType: 'literal' },
    operations: ['Read', 'Describe'],
  });
  expect(JSON.stringify(objects)).not.toMatch(/shipment(?!_processed)/);
});

test('the pipeline deploys it beside the others', async () => {
  const objects = objectsOf(await renderChart(join(dir, 'order-pipeline')));
  const deployments = objects.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata['name']);
  const others = ['consumer-scaler', 'dashboard', 'inventory', 'order', 'payment', 'shipment'];
  expect(new Set(deployments)).toEqual(new Set(['loyalty', ...others]));
});
