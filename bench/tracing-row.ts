/** The cost of tracing: throughput runs with tracing off and on, alternating, with a collector that discards everything. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bench } from './bench-services.ts';
import { runPipeline, type PipelineRun } from './rows.ts';

export interface TracingPair {
  readonly off: PipelineRun;
  readonly on: PipelineRun;
}

export async function measureTracing(bench: Bench): Promise<TracingPair[]> {
  const collector = createServer((request, response) => {
    request.resume();
    request.once('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const traced = { ...bench, env: { ...bench.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } };
  const pairs: TracingPair[] = [];
  try {
    for (let pair = 0; pair < bench.amounts.pairs; pair += 1) {
      const off = await runPipeline(bench);
      const on = await runPipeline(traced);
      bench.print(
        `  pair ${pair + 1}: off ${off.ordersPerSecond.toFixed(0)} orders/s, on ${on.ordersPerSecond.toFixed(0)}`,
      );
      pairs.push({ off, on });
    }
  } finally {
    collector.close();
    collector.closeAllConnections();
  }
  return pairs;
}
