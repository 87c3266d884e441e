/** Skaffold's JSON schema, where kubeconform looks for it: from CRD_DIR, or out of Skaffold's own Go module. */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromGoModule } from '../support/kube-tools.ts';
import { SetupError } from '../../dev/setup-error.ts';

const version = 'v4beta14';
/** The first release that knows it. */
const skaffold = {
  module: 'github.com/GoogleContainerTools/skaffold/v2',
  version: 'v2.19.0',
  name: 'skaffold-schema',
  sum: 'h1:qH0CVdT2qAT3PNCfbBXb8Rhb6H5tuWEyQOwK9VaePsE=',
};

/** A -schema-location under which kubeconform finds it. */
export async function skaffoldSchema(dir: string): Promise<string> {
  // kubeconform's name for apiVersion skaffold/v4beta14, kind Config.
  await copyFile(await schemaFile(), join(dir, `config-skaffold-${version}.json`));
  return join(dir, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

async function schemaFile(): Promise<string> {
  const given = join(process.env.CRD_DIR ?? '', `skaffold-${version}.schema.json`);
  if (process.env.CRD_DIR && existsSync(given)) return given;
  try {
    const kept = await fromGoModule(skaffold, (module, kept) =>
      copyFile(join(module, `docs-v2/content/en/schemas/${version}.json`), join(kept, `${version}.json`)),
    );
    return join(kept, `${version}.json`);
  } catch (error) {
    throw new SetupError(
      `${(error as Error).message}\nOr set CRD_DIR to a folder that has Skaffold's schema as skaffold-${version}.schema.json.`,
    );
  }
}
