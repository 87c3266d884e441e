import { z } from 'zod';
import { parseDeadLetterId, type DeadLetterPlace } from '@order-pipeline/kafka';
import { notFound, requireOperator, route, type Route } from '@order-pipeline/http';
import { maxListed, type DeadLetterDesk } from './dead-letters.ts';
import { deadLetterDetailsView, deadLettersView, resolutionsView } from './views.ts';

export interface DeadLetterRouteOptions {
  readonly desk: DeadLetterDesk;
  /** When set, every one of these routes asks for it as a bearer token: a dead letter holds a customer's data. */
  readonly operatorToken: string | undefined;
}

const headers = z.object({ authorization: z.string().optional() });
const refused = { description: "The operator's token is missing or wrong." };

const deadLetterId = z.string().transform((text, context): DeadLetterPlace => {
  const place = parseDeadLetterId(text);
  if (place) return place;
  context.addIssue({ code: 'custom', message: 'must be <group>/<partition>/<offset> of a dead letter' });
  return z.NEVER;
});

export function createDeadLetterRoutes({ desk, operatorToken }: DeadLetterRouteOptions): Route[] {
  const authorize = (authorization: string | undefined): void =>
    requireOperator(operatorToken, authorization, "The dead letters ask for the operator's token");

  const list = route({
    method: 'GET',
    path: '/api/dead-letters',
    operationId: 'listDeadLetters',
    summary: 'What could not be worked off',
    headers,
    query: z.object({ resolved: z.enum(['true', 'false']).default('false') }),
    responses: { 200: { description: 'The dead letters.', schema: deadLettersView }, 401: refused },
    async handle({ headers, query }) {
      authorize(headers.authorization);
      return { status: 200, body: await desk.list(query.resolved === 'true') };
    },
  });

  const show = route({
    method: 'GET',
    path: '/api/dead-letters/{group}/{partition}/{offset}',
    operationId: 'showDeadLetter',
    summary: 'One dead letter with its key, value and headers',
    params: z.object({ group: z.string(), partition: z.string(), offset: z.string() }),
    headers,
    responses: {
      200: { description: 'The dead letter.', schema: deadLetterDetailsView },
      401: refused,
      404: { description: 'No such dead letter.' },
    },
    async handle({ headers, params: { group, partition, offset } }) {
      authorize(headers.authorization);
      const place = parseDeadLetterId(`${group}/${partition}/${offset}`);
      const found = place && (await desk.show(place));
      if (!found) throw notFound(`There is no dead letter ${group}/${partition}/${offset}`);
      return { status: 200, body: found };
    },
  });

  const resolve = route({
    method: 'POST',
    path: '/api/dead-letters/resolutions',
    operationId: 'resolveDeadLetters',
    summary: 'Redrive or discard dead letters, once each',
    headers,
    body: z.strictObject({
      action: z.enum(['redriven', 'discarded']).describe('What to have done with them.'),
      ids: z.array(deadLetterId).min(1).max(maxListed),
      dry_run: z.boolean().describe('Only say what would be done.'),
    }),
    responses: { 200: { description: 'What became of each.', schema: resolutionsView }, 401: refused },
    async handle({ headers, body: { action, ids, dry_run } }) {
      authorize(headers.authorization);
      return { status: 200, body: { dry_run, outcomes: await desk.resolve(ids, action, dry_run) } };
    },
  });

  return [list, show, resolve];
}
