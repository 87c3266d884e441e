import { describe, expect, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { request } from '../support/http.ts';
import { asMongoUser } from './support/clients.ts';
import { kubectl, portForward } from './support/kubectl.ts';
import { readSecret } from './support/secrets.ts';

const limitMs = 300_000;

describe('Mongo Express through a port-forward', () => {
  test(
    'shows the orders, and writes nothing',
    async () => {
      await kubectl('rollout', 'status', 'deployment/mongo-express', '--timeout=180s');
      await using forward = await portForward('service/mongo-express', 8081);
      const at = (path: string): string => `http://127.0.0.1:${forward.port}${path}`;
      const orders = await request<string>(at('/db/order_db/orders'));
      expect(orders.status).toBe(200);
      expect(orders.body).toContain('SHIPPED');
      expect(orders.body).not.toMatch(/New Document|Delete all/u);
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      await request(at('/db/order_db/orders'), {
        method: 'POST',
        headers: form,
        body: new URLSearchParams({ document: '{"_id":"written"}' }).toString(),
      });
      const { username, password } = (await readSecret('mongo-express-mongodb'))!;
      const written = await asMongoUser({ user: username!, password: password! }, (client) =>
        client.db('order_db').collection<{ _id: string }>('orders').findOne({ _id: 'written' }),
      );
      expect(written).toBeNull();
    },
    limitMs,
  );

  test(
    'connects as a user without the right to write',
    async () => {
      const { username, password } = (await readSecret('mongo-express-mongodb'))!;
      await asMongoUser({ user: username!, password: password! }, async (client) => {
        for (const { database } of Object.values(services)) {
          const documents = client.db(database).collection<{ _id: string }>('rights');
          expect(await documents.findOne({ _id: 'none' })).toBeNull();
          await expect(documents.insertOne({ _id: 'written' })).rejects.toThrow(/not authorized/u);
        }
      });
    },
    limitMs,
  );
});
