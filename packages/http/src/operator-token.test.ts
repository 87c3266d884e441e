import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readConfig } from '@order-pipeline/runtime';
import { operatorToken, requireOperator } from './operator-token.ts';

const token = 'a-token-of-16-characters';
const sentence = 'Changing the stock requires the token';
const read = (OPERATOR_TOKEN: string) => readConfig(z.object({ OPERATOR_TOKEN: operatorToken }), { OPERATOR_TOKEN });

describe("the operator's token", () => {
  test('lets a request with the token pass', () => {
    expect(() => requireOperator(token, `Bearer ${token}`, sentence)).not.toThrow();
  });

  test.each([undefined, '', token, `Bearer ${token}x`, `bearer ${token}`, 'Bearer '])(
    'refuses %j with a 401 and its challenge',
    (authorization) => {
      expect(() => requireOperator(token, authorization, sentence)).toThrow(
        expect.objectContaining({ status: 401, detail: sentence, headers: { 'WWW-Authenticate': 'Bearer' } }),
      );
    },
  );

  test('is not required where none is configured', () => {
    expect(() => requireOperator(undefined, undefined, sentence)).not.toThrow();
  });

  test('has 16 to 500 characters, and no error message repeats it', () => {
    expect(read(token).OPERATOR_TOKEN).toBe(token);
    for (const wrong of ['too-short', 'x'.repeat(501)]) {
      expect(() => read(wrong)).toThrow(/^(?:(?!too-short|xxx)[^])*$/u);
    }
  });
});
