import { z } from 'zod';
import { commonSettings, integer, port, type Setting } from '@order-pipeline/runtime';
import { isName } from './kube/api-path.ts';

const { HOST, LOG_LEVEL, INSTANCE_ID, SHUTDOWN_TIMEOUT_MS } = commonSettings;
const seconds = (fallback: number, description: string): Setting<number> =>
  integer({ min: 1, max: 86_400, default: fallback }).describe(description);

/** Each is a segment of a path. */
const kubeName = z.string().refine(isName, 'must be a DNS name of RFC 1123: a to z, 0 to 9, - and .');

export const settings = z
  .object({
    HOST,
    LOG_LEVEL,
    INSTANCE_ID,
    SHUTDOWN_TIMEOUT_MS,
    PORT: port(8080).describe('TCP port of the HTTP server with probes and metrics; 0 takes a free one'),
    WATCH_NAMESPACE: kubeName
      .optional()
      .meta({ description: 'Namespace whose ConsumerScalers are reconciled', defaultText: 'all' }),
    LEASE_NAMESPACE: kubeName.default('default').describe('Namespace of the Lease for the election of the leader'),
    LEASE_NAME: kubeName.default('consumer-scaler').describe('Name of that Lease'),
    LEASE_DURATION_SECONDS: seconds(15, 'Seconds without a renewal after which another replica acquires the lease'),
    LEASE_RENEW_DEADLINE_SECONDS: seconds(10, 'Seconds without a renewal after which the leader exits'),
    LEASE_RETRY_SECONDS: seconds(2, 'Seconds between renewals, and between attempts to acquire the lease'),
    RELIST_SECONDS: seconds(300, 'Seconds between complete lists, which find the changes that a watch missed'),
    CONCURRENCY: integer({ min: 1, max: 1_000, default: 50 }).describe('Maximum number of concurrent reconciliations'),
  })
  .refine((config) => config.LEASE_RENEW_DEADLINE_SECONDS + 4 < config.LEASE_DURATION_SECONDS, {
    path: ['LEASE_RENEW_DEADLINE_SECONDS'],
    message: 'must be more than 4 s, the time-out of a request, below LEASE_DURATION_SECONDS',
  });

export type ScalerConfig = z.output<typeof settings>;
