import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { portHolder } from './port-holder.ts';
import { freePort, isFree, isListening } from './ports.ts';

test.each(['127.0.0.1', '0.0.0.0', '::'])('a port in use on %s is not free, and its holder is found', async (host) => {
  const server = createServer().listen({ port: 0, host });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await isFree(port)).toBe(false);
  expect(await isListening(port)).toBe(true);
  expect(portHolder(port)).toContain(`(pid ${process.pid})`);
  server.close();
  await once(server, 'close');
  expect(await isFree(port)).toBe(true);
  expect(await isListening(port)).toBe(false);
  expect(portHolder(port)).toBeUndefined();
});

test('no port is reserved twice', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
});
