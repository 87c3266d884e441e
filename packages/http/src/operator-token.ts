/** The bearer token of operators, for what only they may do; required where one is configured. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { setting } from '@order-pipeline/runtime';
import { unauthorized } from './problem.ts';

export const operatorToken = setting('16 to 500 characters', (text) =>
  text.length >= 16 && text.length <= 500 ? text : undefined,
)
  .optional()
  .describe('Bearer token required to set stock and to handle dead letters; unset, no token is required');

/** Throws a 401 with this sentence unless the request's Authorization header holds the token. */
export function requireOperator(token: string | undefined, authorization: string | undefined, sentence: string): void {
  if (token !== undefined && !equal(authorization ?? '', `Bearer ${token}`)) throw unauthorized(sentence);
}

/** Compares digests, so that neither length nor content can be timed. */
function equal(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
