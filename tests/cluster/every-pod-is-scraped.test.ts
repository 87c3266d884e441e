import { describe, expect, test } from '@jest/globals';
import { everyService, type ServiceEntry } from '@order-pipeline/events';
import { request } from '../support/http.ts';
import { get, portForward } from './support/kubectl.ts';
import { readyPods } from './support/set-up.ts';

const entries: readonly ServiceEntry[] = Object.values(everyService);

describe('metrics', () => {
  test.each(entries.map((entry) => [entry.name, entry] as const))(
    'of each pod of %s are served where its annotations direct Prometheus',
    async (name) => {
      const pods = await readyPods(name);
      expect(pods).not.toHaveLength(0);
      for (const pod of pods) {
        const { metadata } = await get('pod', pod.name);
        const { 'prometheus.io/port': port, 'prometheus.io/path': path = '/metrics' } = metadata.annotations;
        await using forward = await portForward(`pod/${pod.name}`, Number(port));
        const { status, body } = await request<string>(`http://127.0.0.1:${forward.port}${path}`);
        expect(status).toBe(200);
        for (const metric of [
          'consumer_lag_events',
          'http_request_duration_seconds_bucket',
          'process_cpu_seconds_total',
        ])
          expect(body).toContain(metric);
      }
    },
    60_000,
  );
});
