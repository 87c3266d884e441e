/** `npm run lint:words`: finds words that dev/flagged-words.yaml flags, in texts, identifiers and file names. */
import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface FlaggedWords {
  /** Globs of files that are not read. */
  readonly ignored: readonly string[];
  readonly flagged: readonly { readonly words: string; readonly say: string }[];
  readonly allowed: readonly Allowance[];
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

/** Splits identifiers, so that each word in them counts: `maxChunk` becomes `max Chunk`, `MAX_CHUNK` `MAX CHUNK`. */
const splitIdentifiers = (text: string): string => text.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|_/g, ' ');

/** Whole words only. A space also matches a line break with the mark of a comment, and a hyphen. */
const expression = (words: string): RegExp =>
  new RegExp(`(?<![a-z0-9])(?:${words.replaceAll(' ', '[-\\s*#>/]+')})(?![a-z0-9])`, 'giu');

const textOf = (file: string, content: string): string => splitIdentifiers(`${file}\n${content}`);

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

const spansAllowed = ({ text: allowed, in: where }: Allowance, file: string, text: string) =>
  where === undefined || matchesGlob(file, where) ? spansOf(allowed, text) : [];

const spansOf = (words: string, text: string): { from: number; to: number }[] =>
  [...text.matchAll(expression(words))].map(({ index, 0: match }) => ({ from: index, to: index + match.length }));

/** The file's name stands above its first line, and counts as that. */
const lineAt = (text: string, index: number): number => Math.max(1, text.slice(0, index).split('\n').length - 1);

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
  for (const { text } of unused) process.stdout.write(`dev/flagged-words.yaml: nothing uses the allowed "${text}"\n`);
  if (findings.length > 0) process.stdout.write(`${findings.length} flagged words; docs/glossary.md has the terms.\n`);
  if (findings.length > 0 || unused.length > 0) process.exitCode = 1;
}
