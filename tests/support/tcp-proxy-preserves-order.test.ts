import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../dev/ports.ts';
import { eventually } from './eventually.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** What arrived at the engine; a new object per test, because connections end late. */
let arrived: { text: string; ended: boolean };
let engine: Server;
let proxy: TcpProxy;
let client: Socket;

beforeEach(async () => {
  const own = { text: '', ended: false };
  arrived = own;
  engine = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (bytes) => (own.text += String(bytes)));
    socket.on('end', () => (own.ended = true));
    socket.on('error', () => undefined);
  });
  const [outer, inner] = [await freePort(), await freePort()];
  engine.listen(inner, '127.0.0.1');
  await once(engine, 'listening');
  proxy = await startTcpProxy(outer, inner);
  client = connect({ port: outer, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined);
  await once(client, 'connect');
});
afterEach(async () => {
  client.destroy();
  await proxy.stop();
  engine.close();
});

const send = async (text: string): Promise<void> => {
  client.write(text);
  // Longer than the loopback takes, so that each text is a packet of its own.
  await pause(30);
};

describe('the proxy', () => {
  test('preserves the order of bytes when a delay ends or gets shorter', async () => {
    proxy.set('delay', 400);
    await send('1');
    proxy.set('delay', 50);
    await send('2');
    proxy.set('pass');
    await send('3');
    expect(arrived.text).toBe('');
    await eventually(() => expect(arrived.text).toBe('123'));
  });

  test('delivers the end of a stream after its bytes', async () => {
    proxy.set('delay', 300);
    await send('late');
    client.end();
    await pause(100);
    expect(arrived).toEqual({ text: '', ended: false });
    await eventually(() => expect(arrived).toEqual({ text: 'late', ended: true }));
  });

  test('delivers no end of stream that a black hole dropped, and breaks the connection afterwards', async () => {
    await send('before');
    proxy.set('black-hole');
    await send('lost');
    client.end();
    await pause(200);
    expect(arrived).toEqual({ text: 'before', ended: false });
    const closed = new Promise((resolve) => client.once('close', resolve));
    proxy.set('pass');
    await closed;
  });

  test('passes much more than its buffer holds', async () => {
    proxy.set('delay', 20);
    const text = 'x'.repeat(20 * 1024 * 1024);
    client.write(text);
    await eventually(() => expect(arrived.text.length).toBe(text.length));
  });
});
