/** What helm says after an installation: how to reach the service, and what to ask it first. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { parse } from 'yaml';
import { kubeTool } from '../support/kube-tools.ts';
import { charted, renderChart, repository } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: helm is built
jest.setTimeout(60_000); // helm is a process for each chart, and the machine may be busy

const dir = mkdtempSync(join(tmpdir(), 'order-pipeline-notes-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Helm renders notes only for a cluster, so copies of the charts have them in an object as well. */
beforeAll(async () => {
  await kubeTool('helm');
  cpSync(join(repository, 'helm'), dir, { recursive: true, verbatimSymlinks: true });
  for (const chart of [...charted.map(({ name }) => name), 'order-pipeline']) {
    const templates = join(dir, chart, 'templates');
    const notes = readFileSync(join(templates, 'NOTES.txt'), 'utf8');
    writeFileSync(
      join(templates, 'notes.yaml'),
      `{{- define "${chart}.notes" -}}\n${notes}{{- end }}\nnotes: {{ include "${chart}.notes" . | toJson }}\n`,
    );
  }
}, setUpLimitMs);

async function notesOf(chart: string, ...values: readonly string[]): Promise<string> {
  const wanted = ['--show-only', 'templates/notes.yaml', '--namespace', 'shop'];
  const yaml = await renderChart(join(dir, chart), ...wanted, ...values.flatMap((value) => ['--set', value]));
  return (parse(yaml) as { notes: string }).notes;
}

test.each(charted.map(({ name, port }) => [name, port] as const))(
  'the chart %s says how to forward its port, %i, and what to ask first',
  async (name, port) => {
    const notes = await notesOf(name);
    expect(notes).toContain(`kubectl --namespace shop port-forward service/${name} ${port}\n`);
    expect(notes).toMatch(new RegExp(`\n  curl [^\n]*http://localhost:${port}/`));
    expect(notes).toContain(`helm --namespace shop test ${name}`);
    expect(notes).toContain(`kubectl --namespace shop scale deployment/${name} --replicas 3`);
  },
);

test('the notes give no command that scales what an autoscaler scales', async () => {
  expect(await notesOf('payment', 'autoscaling.engine=hpa')).not.toContain('scale deployment');
});

test('the pipeline says how its first order is placed, and that helm test does so too', async () => {
  const notes = await notesOf('order-pipeline');
  for (const { name } of charted) expect(notes).toContain(`rollout status deployment/${name}\n`);
  expect(notes).toContain(`port-forward service/order ${services.order.port}\n`);
  const body = /curl -X POST http:\/\/localhost:8001\/orders .* -d '([^']+)'/s.exec(notes)![1]!;
  expect(JSON.parse(body)).toMatchObject({ customer_id: 'CUST001', total_amount: 109.97 });
  expect(notes).toContain('helm --namespace shop test order-pipeline');
});
