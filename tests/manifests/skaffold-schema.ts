/** Skaffold's JSON schema, where kubeconform looks for it: from CRD_DIR, from a skaffold that is installed, or its site. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOnPath } from '../../dev/engines/java.ts';
import { outputOf } from '../../dev/kube-tools.ts';
import { SetupError } from '../../dev/setup-error.ts';

const version = 'v4beta14';
const address = `https://raw.githubusercontent.com/GoogleContainerTools/skaffold/main/docs-v2/content/en/schemas/${version}.json`;
const fetchLimitMs = 20_000;

/** A -schema-location under which kubeconform finds it. */
export async function skaffoldSchema(dir: string): Promise<string> {
  // kubeconform's name for apiVersion skaffold/v4beta14, kind Config.
  await writeFile(join(dir, `config-skaffold-${version}.json`), await text());
  return join(dir, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

async function text(): Promise<string> {
  const given = join(process.env.CRD_DIR ?? '', `skaffold-${version}.schema.json`);
  if (process.env.CRD_DIR && existsSync(given)) return readFile(given, 'utf8');
  const skaffold = findOnPath('skaffold');
  if (skaffold !== undefined) return outputOf(skaffold, ['schema', 'get', `skaffold/${version}`]);
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(fetchLimitMs) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    return await answer.text();
  } catch (error) {
    throw new SetupError(
      `Skaffold's schema could not be fetched from ${address} (${String((error as Error).cause ?? error)}).\n` +
        `Put it into CRD_DIR as skaffold-${version}.schema.json, or install skaffold, or allow the download.`,
    );
  }
}
