import { z } from 'zod';
import { actingServices, everyService, variablePrefix, type services } from '@order-pipeline/events';
import { pipelineSettings } from '@order-pipeline/service';
import { operatorToken } from '@order-pipeline/http';
import { durationMs, integer, port, setting } from '@order-pipeline/runtime';

const url = (description: string, fallback?: string) =>
  setting(
    'an http:// or https:// address',
    (text) => (/^https?:\/\/[^\s/]+\S*$/u.test(text) && URL.canParse(text) ? text.replace(/\/+$/u, '') : undefined),
    fallback,
  ).describe(description);

/** ORDER_URL, PAYMENT_URL and so on, one for each service that the registry has; the type names those that are always there. */
const serviceUrls = Object.fromEntries(
  actingServices.map(({ name, port }) => [
    `${variablePrefix(name)}_URL`,
    url(`Address of the ${name} service`, `http://localhost:${port}`),
  ]),
) as Record<`${Uppercase<keyof typeof services>}_URL`, ReturnType<typeof url>>;

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(everyService.dashboard.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  ...serviceUrls,
  AUDIT_METRICS_URL: url(
    "Address of the auditor's metrics; unset, the dashboard shows that the auditor is not running",
  ).optional(),
  KUBERNETES_API_URL: url(
    'API server with the ConsumerScalers, for the actual and desired replicas of each group; unset, the page shows none',
  ).optional(),
  KUBERNETES_ACCESS_DIR: z
    .string()
    .default('/var/run/secrets/kubernetes.io/serviceaccount')
    .describe('Folder with the token, the namespace and ca.crt for the API server; read for each request'),
  TRACE_URL: setting('an address that contains {trace_id}', (text) =>
    /^https?:\/\/\S*\{trace_id\}\S*$/u.test(text) ? text : undefined,
  )
    .optional()
    .describe('Address of a trace, such as http://localhost:16686/trace/{trace_id}; unset, the page shows only its id'),
  OPERATOR_TOKEN: operatorToken,
  DASHBOARD_SERVICE_TIMEOUT_MS: durationMs({ min: 100, max: 60_000, default: 6_000 }).describe(
    'Milliseconds that the dashboard waits for the response of a service',
  ),
  DASHBOARD_MAX_STEPS: integer({ min: 1_000, max: 100_000_000, default: 200_000 }).describe(
    'Steps of orders that the dashboard keeps; beyond them it deletes the oldest',
  ),
  DASHBOARD_FEED_POLL_MS: durationMs({ min: 10, max: 10_000, default: 100 }).describe(
    'Milliseconds between queries for new steps while a page follows the feed',
  ),
});

export type DashboardConfig = z.output<typeof settings>;
