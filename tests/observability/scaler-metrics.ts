/** Serves the consumer scaler's own metrics, of real decisions about a simulated group that the test disturbs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetrics } from '@order-pipeline/runtime';
import { ControllerMetrics } from '../../operator/src/controller-metrics.ts';
import { createControllerRuntimeMetrics } from '../../operator/src/controller-runtime-metrics.ts';
import { evenly, TestGroup } from '../../operator/test/test-group.ts';

export interface ScalerMetrics {
  /** host:port. */
  readonly target: string;
  /** Kafka is unreachable for longer than the resource's fallback allows. */
  disconnectKafka(): void;
  reconnectKafka(): void;
  /** A shared bottleneck limits all replicas, and a step up has not helped. */
  limitThroughput(): void;
  removeLimit(): void;
  stop(): void;
}

export async function serveScalerMetrics(): Promise<ScalerMetrics> {
  const registry = createMetrics('consumer-scaler');
  const metrics = new ControllerMetrics(registry);
  const runtimeMetrics = createControllerRuntimeMetrics(registry, 1);
  const group = new TestGroup(2, evenly(150));
  const runFor = (seconds: number): void => metrics.decided('shop/payment', group.run(seconds), false);

  runtimeMetrics.leading(true);
  runtimeMetrics.queue.added(1);
  runtimeMetrics.queue.started('shop/payment', 0, 0.001);
  runtimeMetrics.queue.finished('shop/payment', 'error', 0.01);
  metrics.watches.restarted('consumerscalers');
  metrics.watches.missed('consumerscalers', 1);
  runFor(120);

  const server = createServer((_, response) => {
    void registry.metrics().then((text) => response.setHeader('Content-Type', registry.contentType).end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    disconnectKafka() {
      group.disturb = (observation) => ({ ...observation, kafka: { unavailable: 'connection refused' } });
      runFor(120);
    },
    reconnectKafka() {
      group.disturb = (observation) => observation;
      runFor(120);
    },
    limitThroughput() {
      group.arrivalsPerSecond = evenly(350);
      group.sharedLimitPerSecond = 120;
      runFor(900);
    },
    removeLimit() {
      group.sharedLimitPerSecond = Infinity;
      runFor(200);
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
