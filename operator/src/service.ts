/** The operator: its parts, and the order in which they start and stop. */
import { createApp, httpComponent } from '@order-pipeline/http';
import { endsWithin } from '@order-pipeline/resilience';
import { createLifecycle, createLogger, createMetrics, Health } from '@order-pipeline/runtime';
import type { ScalerConfig } from './config.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { createControllerRuntimeMetrics } from './controller-runtime-metrics.ts';
import { createKafkaCluster } from './kafka/cluster.ts';
import { KafkaConnections } from './kafka/connections.ts';
import { createKubeApi, loadKubeConfig } from './kube/api-client.ts';
import { ClusterCache } from './kube/cluster-cache.ts';
import { EventRecorder } from './kube/event-recorder.ts';
import { LeaderElection } from './kube/leader-election.ts';
import { ScaleWriter } from './kube/scale-writer.ts';
import { WorkQueue } from './kube/work-queue.ts';
import { Reconciler } from './reconciler.ts';

const name = 'consumer-scaler';
/** A reconciliation may wait longer for a Kafka that does not respond; a write in flight has finished by then. */
const stopLimitMs = 5_000;

export function createConsumerScaler(config: ScalerConfig, connect = createKafkaCluster) {
  const instance = config.INSTANCE_ID;
  const logger = createLogger({ service: name, instance, level: config.LOG_LEVEL });
  const health = new Health();
  const lifecycle = createLifecycle({ logger, health, shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS });
  const registry = createMetrics(name);
  const metrics = new ControllerMetrics(registry);
  const runtimeMetrics = createControllerRuntimeMetrics(registry, config.CONCURRENCY);
  const api = createKubeApi(loadKubeConfig(), runtimeMetrics.requested);
  const kafka = new KafkaConnections(api, connect);

  const election = new LeaderElection({
    api,
    namespace: config.LEASE_NAMESPACE,
    name: config.LEASE_NAME,
    identity: instance,
    logger,
    durationSeconds: config.LEASE_DURATION_SECONDS,
    renewDeadlineSeconds: config.LEASE_RENEW_DEADLINE_SECONDS,
    retrySeconds: config.LEASE_RETRY_SECONDS,
  });
  const isLeader = (): boolean => election.isLeader();
  const cache = new ClusterCache({
    api,
    namespace: config.WATCH_NAMESPACE,
    relistSeconds: config.RELIST_SECONDS,
    logger,
    observer: metrics.watches,
  });
  const writer = new ScaleWriter(api, isLeader, logger);
  const events = new EventRecorder(api, instance, logger);
  const reconciler = new Reconciler({ api, cache, kafka, writer, events, metrics, logger, isLeader });
  const queue = new WorkQueue({
    process: (key) => reconciler.reconcile(key),
    onError: (key, err) => logger.warn({ err, resource: key }, 'the reconciliation failed and is retried'),
    concurrency: config.CONCURRENCY,
    backoff: { firstMs: 500, maxMs: 60_000 },
    observer: runtimeMetrics.queue,
  });

  health.register('api_server', () =>
    cache.isSynced() ? { status: 'up' } : { status: 'starting', detail: 'the first list is not complete' },
  );
  health.register('leader', () => ({ status: 'up', detail: isLeader() ? 'leads' : 'stands by' }));
  lifecycle.add({ name: 'Kafka', stop: () => kafka.stop() });
  lifecycle.add({ name: 'election', stop: () => election.stop() });
  lifecycle.add({
    name: 'watches',
    start: () => cache.start((key) => isLeader() && queue.add(key)),
    stop: () => cache.stop(),
  });
  lifecycle.add({
    name: 'queue',
    start: () =>
      election.start({
        onLeading() {
          runtimeMetrics.leading(true);
          for (const key of cache.scalers.keys()) queue.add(key);
        },
        onLost(error) {
          runtimeMetrics.leading(false);
          lifecycle.fail(error);
        },
      }),
    // Without the lease, which is released next, no reconciliation can write any more.
    stop: () => endsWithin(stopLimitMs, queue.stop()),
  });
  const app = createApp({ service: name, instance, routes: [], health, metrics: registry, logger });
  const http = lifecycle.add(httpComponent(app, { host: config.HOST, port: config.PORT }));
  return { lifecycle, logger, http, registry };
}
