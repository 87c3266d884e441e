import { describe, expect, test } from '@jest/globals';
import { request } from '../support/http.ts';
import { kubectl, portForward } from './support/kubectl.ts';

const limitMs = 300_000;

describe('Mongo Express, through a port-forward', () => {
  test(
    'shows the orders, and neither its page nor its user writes',
    async () => {
      await kubectl('rollout', 'status', 'deployment/mongo-express', '--timeout=180s');
      await using forward = await portForward('service/mongo-express', 8081);
      const at = (path: string): string => `http://127.0.0.1:${forward.port}${path}`;
      const orders = await request<string>(at('/db/order_db/orders'));
      expect(orders.status).toBe(200);
      expect(orders.body).toContain('SHIPPED');
      expect(orders.body).not.toMatch(/New Document|Delete all/u);
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const written = await request(at('/db/order_db/orders'), {
        method: 'POST',
        headers: form,
        body: new URLSearchParams({ document: '{"_id":"written"}' }).toString(),
      });
      expect(written.status).toBeGreaterThanOrEqual(400);
      expect((await request<string>(at('/db/order_db/orders/%22written%22'))).body).not.toContain('"written"');
    },
    limitMs,
  );
});
