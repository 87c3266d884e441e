import { afterEach, expect, test } from '@jest/globals';
import { createApp } from '@order-pipeline/http';
import { Health, type CheckStatus } from './health.ts';
import { startHttp, type HttpServer } from '@order-pipeline/http';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';

let server: HttpServer | undefined;
afterEach(() => server?.stop());

async function probesOf(health: Health) {
  const logger = createLogger({ service: 's', level: 'silent' });
  server = await startHttp(createApp({ service: 's', routes: [], health, metrics: createMetrics('s'), logger }), {
    host: '127.0.0.1',
    port: 0,
  });
  const { url } = server;
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  return async () => ({ livez: await ask('/livez'), readyz: await ask('/readyz'), health: await ask('/health') });
}

test('probes follow the checks, and an outage never fails liveness', async () => {
  const health = new Health();
  let kafka: CheckStatus = 'starting';
  health.register('kafka', () => ({ status: kafka }));
  const probes = await probesOf(health);
  const unhealthy = [503, 'unhealthy'];
  expect(await probes()).toEqual({ livez: [200, 'live'], readyz: [503, 'starting'], health: unhealthy });
  kafka = 'up';
  expect(await probes()).toEqual({ livez: [200, 'live'], readyz: [200, 'ready'], health: [200, 'healthy'] });
  kafka = 'degraded';
  expect(await probes()).toEqual({ livez: [200, 'live'], readyz: [200, 'degraded'], health: [200, 'healthy'] });
  kafka = 'down';
  expect(await probes()).toEqual({ livez: [200, 'live'], readyz: [503, 'not ready'], health: unhealthy });
  kafka = 'up';
  health.drain();
  expect(await probes()).toEqual({ livez: [200, 'live'], readyz: [503, 'draining'], health: unhealthy });
});

test('a part that only a restart can repair fails liveness and readiness', async () => {
  const health = new Health();
  health.register('mongodb', () => ({ status: 'up' }));
  health.registerLiveness('consumer', () => ({ status: 'down', detail: 'stopped permanently' }));
  expect(await (await probesOf(health))()).toEqual({
    livez: [503, 'dead'],
    readyz: [503, 'not ready'],
    health: [503, 'unhealthy'],
  });
});

test('a check that throws counts as down instead of failing the probe', async () => {
  const health = new Health();
  health.register('broken', () => {
    throw new Error('oops');
  });
  expect((await (await probesOf(health))()).readyz).toEqual([503, 'not ready']);
});

test('refuses a second check of one name', () => {
  const health = new Health();
  health.register('kafka', () => ({ status: 'up' }));
  expect(() => health.registerLiveness('kafka', () => ({ status: 'up' }))).toThrow('kafka');
});
