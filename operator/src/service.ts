/** The operator, wired: what it consists of, in reading order. */
import type { KubeConfig } from '@kubernetes/client-node';
import { createApp, httpComponent } from '@order-pipeline/http';
import { endsWithin } from '@order-pipeline/resilience';
import { createLifecycle, createLogger, createMetrics, Health } from '@order-pipeline/runtime';
import { watchCluster } from './kube/cluster-cache.ts';
import type { ScalerConfig } from './config.ts';
import { createController, type Controller } from './reconciler.ts';
import { createControllerMetrics } from './controller-metrics.ts';
import type { KafkaAddress, KafkaCluster } from './kafka/cluster.ts';
import { createKafkaConnections } from './kafka/connections.ts';
import { createKeyedQueue } from './kube/work-queue.ts';
import { createKubeApi } from './kube/api-client.ts';
import { createEventRecorder } from './kube/event-recorder.ts';
import { createLeaderElection } from './kube/leader-election.ts';
import { createScaleWriter } from './kube/scale-writer.ts';

const name = 'consumer-scaler';
/** A look may wait longer for a Kafka that does not answer; a write under way has ended by then. */
const lastLooksMs = 5_000;

export function createConsumerScaler(
  config: ScalerConfig,
  kubeConfig: KubeConfig,
  connect?: (address: KafkaAddress) => KafkaCluster,
) {
  const instance = config.INSTANCE_ID;
  const logger = createLogger({ service: name, instance, level: config.LOG_LEVEL });
  const health = new Health();
  const lifecycle = createLifecycle({ logger, health, shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS });
  const registry = createMetrics(name);
  const metrics = createControllerMetrics(registry, config.CONCURRENCY);
  const api = createKubeApi(kubeConfig, metrics.requested);

  const kafka = createKafkaConnections(api, connect);
  lifecycle.add({ name: 'Kafka', stop: kafka.stop });

  const isLeader = (): boolean => election.isLeader();
  const queue = createKeyedQueue({
    process: (key) => controller.reconcile(key),
    onError: (key, err) => logger.warn({ err, resource: key }, 'a look failed and is tried again'),
    concurrency: config.CONCURRENCY,
    backoff: { firstMs: 500, maxMs: 60_000 },
    observer: metrics.queue,
  });
  const enqueue = (key: string): void => void (isLeader() && queue.add(key));
  const cluster = watchCluster({
    api,
    namespace: config.WATCH_NAMESPACE,
    relistSeconds: config.RELIST_SECONDS,
    logger,
    observer: metrics.watches,
    onDue: enqueue,
  });
  const election = createLeaderElection({
    api,
    namespace: config.LEASE_NAMESPACE,
    name: config.LEASE_NAME,
    identity: instance,
    logger,
    durationSeconds: config.LEASE_DURATION_SECONDS,
    renewDeadlineSeconds: config.LEASE_RENEW_DEADLINE_SECONDS,
    retrySeconds: config.LEASE_RETRY_SECONDS,
    onLeading() {
      metrics.leading(true);
      for (const key of cluster.scalers.keys()) queue.add(key);
    },
    onLost(error) {
      metrics.leading(false);
      lifecycle.fail(error);
    },
  });
  const controller: Controller = createController({
    api,
    cluster,
    kafka,
    writer: createScaleWriter(api, isLeader, logger),
    events: createEventRecorder(api, instance, logger),
    metrics,
    logger,
    isLeader,
  });

  // Without the lease, which is released next, no look can write any more.
  const stopQueue = () => endsWithin(lastLooksMs, queue.stop());
  health.register('api_server', () =>
    cluster.isSynced() ? { status: 'up' } : { status: 'starting', detail: 'not everything has been listed yet' },
  );
  health.register('leader', () => ({ status: 'up', detail: isLeader() ? 'leads' : 'stands by' }));
  lifecycle.add({ name: 'election', stop: election.stop });
  lifecycle.add({ name: 'watches', start: cluster.start, stop: cluster.stop });
  lifecycle.add({ name: 'queue', start: election.start, stop: stopQueue });
  const app = createApp({ service: name, instance, routes: [], health, metrics: registry, logger });
  const http = lifecycle.add(httpComponent(app, { host: config.HOST, port: config.PORT }));
  return { lifecycle, logger, http, registry };
}
