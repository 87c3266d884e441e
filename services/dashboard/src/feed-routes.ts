import { Readable } from 'node:stream';
import { z } from 'zod';
import { route, unavailable, type Route } from '@order-pipeline/http';
import type { StepFeed } from './step-feed.ts';

const maxFollowers = 200;
/** Characters of messages that are buffered for a slow follower; the rest stays in the database. */
const maxBufferedLength = 64 * 1024;

const sequence = z
  .string()
  .regex(/^\d{1,15}$/u, 'must be the number of a step')
  .transform(Number);

export function createFeedRoutes(feed: StepFeed): Route[] {
  const follow = route({
    method: 'GET',
    path: '/api/feed',
    operationId: 'followSteps',
    summary: 'Follow the steps of all orders as they happen (server-sent events)',
    description: 'After a disconnect, continue with Last-Event-ID (or ?after=): no step is missed while it is kept.',
    query: z.object({ after: sequence.optional().describe('The last step that the client has received.') }),
    headers: z.object({ 'last-event-id': sequence.optional() }),
    responses: { 200: { description: 'Messages `start`, `steps` and `alive`.', contentType: 'text/event-stream' } },
    async handle({ query, headers }) {
      if (feed.followers >= maxFollowers) throw unavailable('Too many clients follow the feed of this replica', 10);
      const messages = await feed.open(headers['last-event-id'] ?? query.after);
      return {
        status: 200,
        headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
        body: Readable.from(messages, { objectMode: false, highWaterMark: maxBufferedLength }),
      };
    },
  });
  return [follow];
}
