import { describe, expect, test } from '@jest/globals';
import { findFlaggedWords, type FlaggedWords } from './flagged-words.ts';

const words: FlaggedWords = {
  ignored: [],
  flagged: [
    { words: 'chunks?', say: 'batch' },
    { words: 'work(s|ed)? off', say: 'process' },
    { words: 'letters?', say: 'dead letter' },
  ],
  allowed: [
    { text: 'dead(-| )?letters?', why: 'the term' },
    { text: 'capital letters', in: 'docs/*.md', why: 'plain English' },
  ],
};
const found = (content: string, file = 'a.ts'): string[] =>
  findFlaggedWords(file, content, words).map(({ line, word }) => `${line}: ${word}`);

describe('a flagged word is found', () => {
  test.each([
    ['in text', 'the chunk is full', ['1: chunk']],
    ['in identifiers of any style', 'maxChunk MAX_CHUNK chunk-size', ['1: Chunk', '1: CHUNK', '1: chunk']],
    ['as a phrase, across a line break and the mark of a comment', 'x\n * is worked\n * off', ['2: worked * off']],
  ])('%s', (_, content, expected) => expect(found(content)).toEqual(expected));

  test('in the name of a file', () => expect(found('', 'src/chunk.ts')).toEqual(['1: chunk']));

  test('but not inside another word', () => expect(found('chunky, networks offline')).toEqual([]));
});

test('an allowed text may contain it, and only where it is allowed', () => {
  expect(found('deadLetter, dead-letter, DEAD_LETTERS; a letter')).toEqual(['1: letter']);
  expect(found('capital letters')).toEqual(['1: letters']);
  expect(found('capital letters', 'docs/a.md')).toEqual([]);
});
