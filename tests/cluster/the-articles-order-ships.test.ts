import { describe, expect, test } from '@jest/globals';
import { services } from '@order-pipeline/events';
import { getJson, postJson } from '../support/http.ts';
import { articleOrder } from '../support/orders.ts';
import { helm, portForward } from './support/kubectl.ts';
import { serviceNames } from './support/set-up.ts';

const limitMs = 180_000;

describe('the pipeline in a cluster', () => {
  test(
    "ships the article's order, placed through a port-forward",
    async () => {
      await using order = await portForward('service/order', services.order.port);
      await using shipment = await portForward('service/shipment', services.shipment.port);
      const orders = `http://127.0.0.1:${order.port}/orders`;
      const placed = await postJson(orders, articleOrder);
      expect(placed.status).toBe(201);
      const { order_id } = placed.body;
      const shipped = await getJson(`${orders}/${order_id}?wait=SHIPPED&timeout_ms=20000`);
      expect(shipped.body).toMatchObject({ order_id, status: 'SHIPPED' });
      const parcel = await getJson(`http://127.0.0.1:${shipment.port}/shipments/${order_id}`);
      expect(parcel.body).toMatchObject({
        order_id,
        status: 'SHIPPED',
        tracking_number: expect.stringMatching(/^TRK-/u),
      });
    },
    limitMs,
  );

  test(
    'passes helm test: each service is a ready member of its group, and an order ships',
    async () => {
      const report = await helm('test', 'order-pipeline', '--timeout', '2m');
      const phases = [...report.matchAll(/^TEST SUITE:\s+(\S+)[\s\S]*?^Phase:\s+(\S+)/gmu)].map(([, name, phase]) => [
        name,
        phase,
      ]);
      expect(Object.fromEntries(phases)).toEqual(
        Object.fromEntries([...serviceNames, 'order-ships'].map((name) => [`${name}-test`, 'Succeeded'])),
      );
    },
    limitMs,
  );
});
