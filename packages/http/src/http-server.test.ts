import { expect, test } from '@jest/globals';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Koa from 'koa';
import { startHttp } from './http-server.ts';

const local = { host: '127.0.0.1', port: 0 };

test('a stop lets a request in flight finish with Connection: close, and accepts no new connection', async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const app = new Koa().use(async (ctx) => {
    arrived.resolve();
    await gate.promise;
    ctx.body = 'done';
  });
  const server = await startHttp(app, local);
  const agent = new Agent({ keepAlive: true });
  const answer = new Promise<[string | undefined, string]>((resolve, reject) => {
    get(server.url, { agent }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => resolve([response.headers.connection, text]));
    }).on('error', reject);
  });
  await arrived.promise;
  let stopped = false;
  const stopping = server.stop().then(() => (stopped = true));
  await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  expect(stopped).toBe(false);
  gate.resolve();
  expect(await answer).toEqual(['close', 'done']);
  await stopping;
  agent.destroy();
});

test('a connection that is idle when the stop begins is served during the linger, with Connection: close', async () => {
  const server = await startHttp(
    new Koa().use((ctx) => void (ctx.body = 'ok')),
    { ...local, lingerMs: 60_000 },
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () =>
    new Promise<[string | undefined, boolean]>((resolve, reject) => {
      const asked = get(server.url, { agent }, (response) => {
        const answer: [string | undefined, boolean] = [response.headers.connection, asked.reusedSocket];
        response.resume().on('end', () => resolve(answer));
      }).on('error', reject);
    });
  expect(await ask()).toEqual(['keep-alive', false]);
  const stopping = server.stop();
  // Longer than the default linger.
  await pause(500);
  expect(await ask()).toEqual(['close', true]);
  await stopping;
  agent.destroy();
});

test('idle connections, and connections without any request, do not delay the stop', async () => {
  const server = await startHttp(
    new Koa().use((ctx) => void (ctx.body = 'ok')),
    local,
  );
  await (await fetch(server.url)).text();
  const silent = connect(server.port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  const startedAt = performance.now();
  await server.stop();
  expect(performance.now() - startedAt).toBeLessThan(1500);
  silent.destroy();
});

test('a request that does not end is cut after the time-out', async () => {
  const arrived = Promise.withResolvers<void>();
  const app = new Koa().use(() => {
    arrived.resolve();
    return new Promise(() => {});
  });
  const server = await startHttp(app, { ...local, stopTimeoutMs: 200 });
  const answer = fetch(server.url).then(
    () => 'answered',
    () => 'cut',
  );
  await arrived.promise;
  await server.stop();
  expect(await answer).toBe('cut');
});

test('a taken port is named, with what to change', async () => {
  const first = await startHttp(new Koa(), local);
  await expect(startHttp(new Koa(), { ...local, port: first.port })).rejects.toThrow(
    new RegExp(`Port ${first.port} is taken.*PORT`),
  );
  await first.stop();
});
