/** Compares artifacts with a tree, and brings the tree up to date. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { mark, type Artifact } from './artifact.ts';

/** Where files and links may remain of a service that the registry no longer has. */
const generatedFolders = ['helm', 'k8s'];

export interface Change {
  readonly path: string;
  /** Undefined for what is to be removed. */
  readonly artifact: Artifact | undefined;
}

export function apply(root: string, { path, artifact }: Change): void {
  const place = join(root, path);
  rmSync(place, { force: true });
  if (artifact === undefined) return;
  mkdirSync(dirname(place), { recursive: true });
  if ('link' in artifact) symlinkSync(artifact.link, place);
  else writeFileSync(place, artifact.text);
}

/** As prettier formats a file of the repository; unchanged where it does not. */
export async function formatted(root: string, path: string, text: string): Promise<string> {
  const filepath = join(root, path);
  const { inferredParser } = await getFileInfo(filepath, { ignorePath: join(root, '.prettierignore') });
  return inferredParser === null ? text : format(text, { ...(await resolveConfig(filepath)), filepath });
}

async function withFormat(root: string, artifact: Artifact): Promise<Artifact> {
  if ('link' in artifact) return artifact;
  return { ...artifact, text: await formatted(root, artifact.path, artifact.text) };
}

function isCurrent(root: string, artifact: Artifact): boolean {
  const place = join(root, artifact.path);
  const entry = lstatSync(place, { throwIfNoEntry: false });
  if ('link' in artifact) return entry?.isSymbolicLink() === true && readlinkSync(place) === artifact.link;
  return entry?.isFile() === true && readFileSync(place, 'utf8') === artifact.text;
}

/** Generated files and links in a folder; all links between charts are generated. */
function generatedIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isSymbolicLink()) return [path];
    if (entry.isDirectory()) return generatedIn(root, path);
    return readFileSync(join(root, path), 'utf8').slice(0, 200).includes(mark) ? [path] : [];
  });
}

/** The artifacts that the tree has not, or has otherwise. */
export async function stale(root: string, artifacts: readonly Artifact[]): Promise<Change[]> {
  const formatted = await Promise.all(artifacts.map((artifact) => withFormat(root, artifact)));
  return formatted
    .filter((artifact) => !isCurrent(root, artifact))
    .map((artifact) => ({ path: artifact.path, artifact }));
}

/** What was generated once and no longer is. */
export function leftovers(root: string, artifacts: readonly Artifact[]): Change[] {
  const wanted = new Set(artifacts.map(({ path }) => path));
  return generatedFolders
    .flatMap((folder) => generatedIn(root, folder))
    .filter((path) => !wanted.has(path))
    .map((path) => ({ path, artifact: undefined }));
}
