import { z } from 'zod';
import { commonSettings, integer, port, type Setting } from '@order-pipeline/runtime';
import { isName } from './kube/api-path.ts';

const { HOST, LOG_LEVEL, INSTANCE_ID, SHUTDOWN_TIMEOUT_MS } = commonSettings;
const seconds = (fallback: number, description: string): Setting<number> =>
  integer({ min: 1, max: 86_400, default: fallback }).describe(description);

/** Each becomes a segment of paths. */
const kubeName = z.string().refine(isName, 'must be a DNS name of RFC 1123: lower-case letters, digits, - and .');

export const settings = z
  .object({
    HOST,
    LOG_LEVEL,
    INSTANCE_ID,
    SHUTDOWN_TIMEOUT_MS,
    PORT: port(8080).describe('TCP port of the HTTP server with probes and metrics; 0 takes a free one'),
    WATCH_NAMESPACE: kubeName
      .optional()
      .meta({ description: 'Namespace whose ConsumerScalers are served', defaultText: 'all' }),
    LEASE_NAMESPACE: kubeName.default('default').describe('Namespace of the Lease that the replicas elect a leader by'),
    LEASE_NAME: kubeName.default('consumer-scaler').describe('Name of that Lease'),
    LEASE_DURATION_SECONDS: seconds(15, 'Seconds after which a leader that says nothing is replaced'),
    LEASE_RENEW_DEADLINE_SECONDS: seconds(10, 'Seconds without a renewal after which a leader ends'),
    LEASE_RETRY_SECONDS: seconds(2, 'Seconds between renewals, and between tries to lead'),
    RELIST_SECONDS: seconds(300, 'Seconds between full lists, which find what a watch has missed'),
    CONCURRENCY: integer({ min: 1, max: 1_000, default: 50 }).describe('Resources that are looked at at once'),
  })
  .refine((given) => given.LEASE_RENEW_DEADLINE_SECONDS + 4 < given.LEASE_DURATION_SECONDS, {
    path: ['LEASE_RENEW_DEADLINE_SECONDS'],
    message: 'must be more than 4 s, the longest request, below LEASE_DURATION_SECONDS',
  });

export type ScalerConfig = z.output<typeof settings>;
