/** The consumer scaler's own metrics, of real decisions about a group that the test disturbs, served for Prometheus. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetrics } from '@order-pipeline/runtime';
import { createControllerMetrics } from '../../operator/src/controller-metrics.ts';
import { evenly, TestGroup } from '../../operator/test/test-group.ts';

export interface ScalerMetrics {
  /** host:port. */
  readonly target: string;
  /** Kafka cannot be asked, for longer than the resource's fallback allows. */
  loseKafka(): void;
  findKafka(): void;
  /** What all replicas share is at its limit, and a step up has brought nothing. */
  shareBottleneck(): void;
  widenBottleneck(): void;
  stop(): void;
}

export async function serveScalerMetrics(): Promise<ScalerMetrics> {
  const registry = createMetrics('consumer-scaler');
  const metrics = createControllerMetrics(registry);
  const group = new TestGroup(2, evenly(150));
  const lookFor = (seconds: number): void => metrics.looked('shop/payment', group.run(seconds), false);

  metrics.leading(true);
  metrics.queue.added(1);
  metrics.queue.started('shop/payment', 0, 0.001);
  metrics.queue.finished('shop/payment', 'error', 0.01);
  metrics.watches.restarted('consumerscalers');
  metrics.watches.missed('consumerscalers', 1);
  lookFor(120);

  const server = createServer((_, response) => {
    void registry.metrics().then((text) => response.setHeader('Content-Type', registry.contentType).end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseKafka() {
      group.disturb = (observation) => ({ ...observation, kafka: { unavailable: 'connection refused' } });
      lookFor(120);
    },
    findKafka() {
      group.disturb = (observation) => observation;
      lookFor(120);
    },
    shareBottleneck() {
      group.arrivalsPerSecond = evenly(350);
      group.sharedLimitPerSecond = 120;
      lookFor(900);
    },
    widenBottleneck() {
      group.sharedLimitPerSecond = Infinity;
      lookFor(200);
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
