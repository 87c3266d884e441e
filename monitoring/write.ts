/** `npm run monitoring`: writes the rules and dashboards of k8s/base/monitoring from their description here. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monitoringFiles } from './files.ts';

const folder = fileURLToPath(new URL('../k8s/base/monitoring', import.meta.url));

for (const [name, text] of await monitoringFiles()) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`wrote ${file}\n`);
}
