/** What only an operator may do asks for a bearer token, where one is configured. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { setting } from '@order-pipeline/runtime';
import { unauthorized } from './problem.ts';

/** Unset, nothing asks for a token. */
export const operatorToken = setting('16 to 500 characters', (text) =>
  text.length >= 16 && text.length <= 500 ? text : undefined,
)
  .optional()
  .describe('Bearer token that setting stock and the dead letters ask for; unset, anyone may');

/** Throws a 401 with this sentence unless the request's Authorization holds the token. */
export function requireOperator(token: string | undefined, authorization: string | undefined, sentence: string): void {
  if (token !== undefined && !equal(authorization ?? '', `Bearer ${token}`)) throw unauthorized(sentence);
}

/** Compares digests, so that neither length nor content can be timed. */
function equal(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
