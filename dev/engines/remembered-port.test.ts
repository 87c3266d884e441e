import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { freePort } from '../ports.ts';
import { mustBeFree } from './remembered-port.ts';

test('a remembered port that another process uses is named, with that process and the remedy', async () => {
  const port = await freePort();
  await expect(mustBeFree([port], 'Kafka', '.data/kafka')).resolves.toBeUndefined();
  const server = createServer().listen({ port, host: '127.0.0.1' });
  await once(server, 'listening');
  await expect(mustBeFree([await freePort(), port], 'Kafka', '.data/kafka')).rejects.toThrow(
    new RegExp(
      `Port ${port}, on which the data in .data/kafka expects Kafka, is used by .*pid ${process.pid}.*--fresh`,
    ),
  );
  server.close();
});
