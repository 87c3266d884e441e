/** `npm run lint:words`: finds words that checks/flagged-words.yaml flags, in texts, identifiers and file names. */
import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface FlaggedWords {
  /** Globs of files that are not checked. */
  readonly ignored: readonly string[];
  readonly flagged: readonly { readonly words: string; readonly say: string }[];
  readonly allowed: readonly Allowance[];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Allowance {
  readonly text: string;
  /** A glob; everywhere, when it is absent. */
  readonly in?: string;
  readonly why: string;
}

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly say: string;
}

const repository = fileURLToPath(new URL('..', import.meta.url));
const notOurs = new Set(['node_modules', '.git', '.data', 'dist', 'coverage']);
const textFiles = [
  '**/*.{ts,tsx,mjs,json,md,yaml,yml,tpl,txt,html,css,svg,properties}',
  '**/{Dockerfile,.ci/run,.oxlintrc.json}',
];

export function findFlaggedWords(file: string, content: string, words: FlaggedWords): Finding[] {
  const text = textOf(file, content);
  const allowed = words.allowed.flatMap((allowance) => spansAllowed(allowance, file, text));
  return words.flagged.flatMap(({ words: flagged, say }) =>
    spansOf(flagged, text)
      .filter((span) => !allowed.some(({ from, to }) => from <= span.from && span.to <= to))
      .map(({ from, to }) => ({
        file,
        line: lineAt(text, from),
        word: text.slice(from, to).replaceAll(/\s+/g, ' '),
        say,
      })),
  );
}

function spansAllowed({ text: allowed, in: where }: Allowance, file: string, text: string): Span[] {
  return where === undefined || matchesGlob(file, where) ? spansOf(allowed, text) : [];
}

function spansOf(words: string, text: string): Span[] {
  return [...text.matchAll(expression(words))].map(({ index, 0: match }) => ({
    from: index,
    to: index + match.length,
  }));
}

/** Whole words only. A space also matches a hyphen, and a line break with the mark of a comment. */
function expression(words: string): RegExp {
  return new RegExp(`(?<![a-z0-9])(?:${words.replaceAll(' ', '[-\\s*#>/]+')})(?![a-z0-9])`, 'giu');
}

/** Name and content of a file, as separate words. */
function textOf(file: string, content: string): string {
  return splitIdentifiers(`${file}\n${content}`);
}

/** Splits identifiers, so that each word in them counts: `maxChunk` becomes `max Chunk`, `MAX_CHUNK` `MAX CHUNK`. */
function splitIdentifiers(text: string): string {
  return text.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|_/g, ' ');
}

/** The name of the file is above its first line, and counts as that line. */
function lineAt(text: string, index: number): number {
  return Math.max(1, text.slice(0, index).split('\n').length - 1);
}

function readTexts({ ignored }: FlaggedWords): [file: string, content: string][] {
  return globSync(textFiles, { cwd: repository, exclude: (name) => notOurs.has(name) })
    .filter((file) => !ignored.some((pattern) => matchesGlob(file, pattern)))
    .toSorted()
    .map((file) => [file, readFileSync(join(repository, file), 'utf8')]);
}

if (import.meta.main) {
  const words = parse(readFileSync(new URL('flagged-words.yaml', import.meta.url), 'utf8')) as FlaggedWords;
  const texts = readTexts(words);
  const findings = texts.flatMap(([file, content]) => findFlaggedWords(file, content, words));
  const unused = words.allowed.filter(
    (allowance) => !texts.some(([file, content]) => spansAllowed(allowance, file, textOf(file, content)).length > 0),
  );
  for (const { file, line, word, say } of findings) {
    process.stdout.write(`${file}:${line}: "${word}" (say: ${say})\n`);
  }
  for (const { text } of unused)
    process.stdout.write(`checks/flagged-words.yaml: nothing uses the allowed "${text}"\n`);
  if (findings.length > 0) process.stdout.write(`${findings.length} flagged words; docs/glossary.md has the terms.\n`);
  if (findings.length > 0 || unused.length > 0) process.exitCode = 1;
}
