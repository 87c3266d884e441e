/**
 * `npm run docs`: writes docs/asyncapi.json, and what this release's events look like into releases/, where there is
 * nothing of this release yet: what was released once is never rewritten.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { asyncApiDocument } from '@order-pipeline/events';
import { releaseOf } from '../packages/events/src/release.ts';

const fileAt = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(fileAt('../packages/events/package.json'), 'utf8')) as { version: string };

async function write(file: string, content: unknown): Promise<void> {
  const options = { ...(await resolveConfig(file)), parser: 'json' };
  writeFileSync(file, await format(JSON.stringify(content), options));
  process.stdout.write(`wrote ${file}\n`);
}

mkdirSync(fileAt('../packages/events/releases'), { recursive: true });
await write(fileAt('../docs/asyncapi.json'), asyncApiDocument());
const release = fileAt(`../packages/events/releases/${version}.json`);
if (existsSync(release)) process.stdout.write(`${release} is there already and stays as it is\n`);
else await write(release, releaseOf(version));
