import { z } from 'zod';
import { parseDeadLetterId, type DeadLetterPlace } from '@order-pipeline/kafka';
import { notFound, requireOperator, route, type Route } from '@order-pipeline/http';
import { maxListed, type DeadLetterQueues } from './dead-letter-queues.ts';
import { deadLetterDetailsView, deadLettersView, resolutionsView } from './views.ts';

export interface DeadLetterRouteOptions {
  readonly queues: DeadLetterQueues;
  /** When set, each of these routes requires it as a bearer token: a dead letter contains a customer's data. */
  readonly operatorToken: string | undefined;
}

const headers = z.object({ authorization: z.string().optional() });
const unauthorized = { description: 'The operator token is missing or wrong.' };

const deadLetterId = z.string().transform((text, context): DeadLetterPlace => {
  const place = parseDeadLetterId(text);
  if (place) return place;
  context.addIssue({ code: 'custom', message: 'must be <group>/<partition>/<offset> of a dead letter' });
  return z.NEVER;
});

export function createDeadLetterRoutes({ queues, operatorToken }: DeadLetterRouteOptions): Route[] {
  const authorize = (authorization: string | undefined): void =>
    requireOperator(operatorToken, authorization, 'The dead letters require the operator token');

  const list = route({
    method: 'GET',
    path: '/api/dead-letters',
    operationId: 'listDeadLetters',
    summary: 'List the dead letters of all consumer groups',
    headers,
    query: z.object({
      resolved: z.enum(['true', 'false']).default('false').describe('true includes the resolved ones.'),
    }),
    responses: { 200: { description: 'The dead letters.', schema: deadLettersView }, 401: unauthorized },
    async handle({ headers, query }) {
      authorize(headers.authorization);
      return { status: 200, body: await queues.list(query.resolved === 'true') };
    },
  });

  const show = route({
    method: 'GET',
    path: '/api/dead-letters/{group}/{partition}/{offset}',
    operationId: 'showDeadLetter',
    summary: 'Get a dead letter with its key, value and headers',
    params: z.object({ group: z.string(), partition: z.string(), offset: z.string() }),
    headers,
    responses: {
      200: { description: 'The dead letter.', schema: deadLetterDetailsView },
      401: unauthorized,
      404: { description: 'No such dead letter.' },
    },
    async handle({ headers, params: { group, partition, offset } }) {
      authorize(headers.authorization);
      const place = parseDeadLetterId(`${group}/${partition}/${offset}`);
      const found = place && (await queues.find(place));
      if (!found) throw notFound(`There is no dead letter ${group}/${partition}/${offset}`);
      return { status: 200, body: found };
    },
  });

  const resolve = route({
    method: 'POST',
    path: '/api/dead-letters/resolutions',
    operationId: 'resolveDeadLetters',
    summary: 'Redrive or discard dead letters',
    description: 'Each dead letter is resolved once: a resolved one stays as it is.',
    headers,
    body: z.strictObject({
      action: z.enum(['redriven', 'discarded']).describe('The resolution.'),
      ids: z.array(deadLetterId).min(1).max(maxListed),
      dry_run: z.boolean().describe('Only report what would be done.'),
    }),
    responses: { 200: { description: 'The outcome for each.', schema: resolutionsView }, 401: unauthorized },
    async handle({ headers, body: { action, ids, dry_run } }) {
      authorize(headers.authorization);
      return { status: 200, body: { dry_run, outcomes: await queues.resolve(ids, action, dry_run) } };
    },
  });

  return [list, show, resolve];
}
