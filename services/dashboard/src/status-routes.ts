import { route, type Route } from '@order-pipeline/http';
import type { GroupMonitor } from './group-monitor.ts';
import { aboutView, overviewView, partitionsView, type Overview } from './views.ts';

export interface StatusRouteOptions {
  readonly groups: Pick<GroupMonitor, 'read'>;
  readonly overview: () => Promise<Overview['items']>;
  readonly requiresToken: boolean;
}

export function createStatusRoutes({ groups, overview, requiresToken }: StatusRouteOptions): Route[] {
  const partitions = route({
    method: 'GET',
    path: '/api/partitions',
    operationId: 'getPartitions',
    summary: 'List the consumer groups with members, assignments, lag and the latest rebalances',
    responses: { 200: { description: 'At most a second old.', schema: partitionsView } },
    handle: async () => ({ status: 200, body: await groups.read() }),
  });

  const health = route({
    method: 'GET',
    path: '/api/overview',
    operationId: 'getOverview',
    summary: 'List the health of services, Kafka, MongoDB, outboxes and auditor',
    responses: { 200: { description: 'Each item with its status.', schema: overviewView } },
    handle: async () => ({ status: 200, body: { items: await overview() } }),
  });

  const about = route({
    method: 'GET',
    path: '/api/about',
    operationId: 'getAbout',
    summary: 'Get the settings that the page needs',
    responses: { 200: { description: 'The settings.', schema: aboutView } },
    handle: () => ({ status: 200, body: { operator_token: requiresToken } }),
  });

  return [partitions, health, about];
}
