import { route, type Route } from '@order-pipeline/http';
import type { GroupWatch } from './group-watch.ts';
import { aboutView, overviewView, partitionsView, type Overview } from './views.ts';

export interface StatusRouteOptions {
  readonly groups: Pick<GroupWatch, 'read'>;
  readonly overview: () => Promise<Overview['items']>;
  readonly asksForToken: boolean;
}

export function createStatusRoutes({ groups, overview, asksForToken }: StatusRouteOptions): Route[] {
  const partitions = route({
    method: 'GET',
    path: '/api/partitions',
    operationId: 'getPartitions',
    summary: 'Who reads which partition, how far behind, and the latest rebalances',
    responses: { 200: { description: 'At most a second old.', schema: partitionsView } },
    handle: async () => ({ status: 200, body: await groups.read() }),
  });

  const health = route({
    method: 'GET',
    path: '/api/overview',
    operationId: 'getOverview',
    summary: 'How everything is',
    responses: { 200: { description: 'Each part with its state.', schema: overviewView } },
    handle: async () => ({ status: 200, body: { items: await overview() } }),
  });

  const about = route({
    method: 'GET',
    path: '/api/about',
    operationId: 'getAbout',
    summary: 'What the page has to know about this installation',
    responses: { 200: { description: 'Its settings.', schema: aboutView } },
    handle: () => ({ status: 200, body: { operator_token: asksForToken } }),
  });

  return [partitions, health, about];
}
