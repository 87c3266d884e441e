/** The auditor as an operator runs it (k8s/jobs/audit.yaml), including the orders of the last minutes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../../dev/wait-for.ts';
import { objectsOf, repository } from '../../manifests/render.ts';
import { get, kubectl, namespace, run } from './kubectl.ts';

const limitMs = 300_000;

/** The auditor's report; rejects with the report when it has found violations. */
export async function auditClean(): Promise<string> {
  const [job] = objectsOf(await readFile(join(repository, 'k8s/jobs/audit.yaml'), 'utf8'));
  job!['spec'].template.spec.containers[0].args.push('--younger-than', '0s', '--recheck-after', '10s');
  const created = await run(
    'kubectl',
    ['--namespace', namespace, 'create', '--filename', '-', '--output', 'name'],
    JSON.stringify(job),
  );
  const name = created.trim();
  const result = await waitFor(
    async () => {
      const { status } = await get(name);
      return status.succeeded ? 'succeeded' : status.failed ? 'failed' : undefined;
    },
    { what: name, timeoutMs: limitMs, pollMs: 1_000 },
  );
  const report = await kubectl('logs', name);
  await kubectl('delete', name);
  if (result === 'failed') throw new Error(`the audit found violations:\n${report}`);
  return report;
}
