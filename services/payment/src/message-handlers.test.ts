import { describe, expect, test } from '@jest/globals';
import { sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import { storeInMemory } from '../../../packages/mongo/test/store-in-memory.ts';
import { ledgerInMemory, type LedgerRow } from '../test/ledger-in-memory.ts';
import { createPaymentHandler } from './message-handlers.ts';
import type { Payment } from './payment.ts';
import { GatewayOutageError, type PaymentGateway } from './payment-gateway.ts';
import { createSimulatedGateway } from './simulated-gateway.ts';

const { placed, rejected, reserved, shipmentCancelled } = sampleEvents();
const received = (...events: PipelineEvent[]) =>
  events.map((event, index) => ({ event, topic: event.type, partition: 0, offset: String(index) }));

/** The handler over a store and a ledger in memory; `calls` are the calls of the gateway. */
function open({ failures = 0, store = storeInMemory<Payment>(), rows = new Map<string, LedgerRow>() } = {}) {
  const refused: string[] = [];
  const calls: string[] = [];
  let left = failures;
  const settings = {
    latencyMs: 0,
    declineOverMinor: 10_000_00,
    declineCustomerPrefix: 'DECLINE',
    refuseRefundCustomerPrefix: 'NOREFUND',
    failureRate: 0,
    lostAnswerRate: 0,
  };
  const simulated = createSimulatedGateway(ledgerInMemory(rows), settings);
  const failing = async <Result>(call: string, ask: () => Promise<Result>): Promise<Result> => {
    calls.push(call);
    left -= 1;
    if (left >= 0) throw new GatewayOutageError('the gateway failed');
    return ask();
  };
  const gateway: PaymentGateway = {
    charge: (request) => failing('charge', () => simulated.charge(request)),
    void: (orderId) => failing('void', () => simulated.void(orderId)),
  };
  const handle = createPaymentHandler({ store, gateway, onRefundRefused: ({ _id }) => void refused.push(_id) });
  return { handle, rows, refused, calls, store };
}

const statusesOf = (events: readonly PipelineEvent[]): string[] => events.map(({ data }) => data.status);

describe('the payment handler', () => {
  test('charges each order of a batch once, duplicates included', async () => {
    const { handle, rows, calls } = open();
    const other = sampleEvents('018f8c1e-7a00-7000-8000-00000000000b').placed;
    expect(statusesOf(await handle(received(placed, other, placed)))).toEqual(['COMPLETED', 'COMPLETED']);
    expect([...rows.values()].map(({ order_id, kind }) => [order_id, kind])).toEqual([
      [sampleOrderId, 'charge'],
      [other.data.order_id, 'charge'],
    ]);
    expect(calls).toEqual(['charge', 'charge']);
  });

  test('charges and refunds an order that one batch places and cancels', async () => {
    const { handle, store } = open();
    expect(statusesOf(await handle(received(placed, reserved, shipmentCancelled)))).toEqual(['COMPLETED', 'REFUNDED']);
    expect(store.documents.get(sampleOrderId)).toMatchObject({ status: 'REFUNDED', version: 1 });
  });

  test('repeats a call of the gateway that fails', async () => {
    const { handle, calls } = open({ failures: 2 });
    expect(statusesOf(await handle(received(placed)))).toEqual(['COMPLETED']);
    expect(calls).toEqual(['charge', 'charge', 'charge']);
  });

  test('throws the outage of a gateway that stays unavailable, and stores nothing', async () => {
    const { handle, calls, store, rows } = open({ failures: 1_000 });
    await expect(handle(received(placed))).rejects.toMatchObject({ outage: true });
    expect(calls).toHaveLength(8);
    expect([store.documents.size, rows.size]).toEqual([0, 0]);
  }, 60_000);

  test('reports a refund that was refused permanently, and publishes no refund', async () => {
    const { handle, refused } = open();
    const unlucky = { ...placed, data: { ...placed.data, customer_id: 'NOREFUND-1' } };
    expect(statusesOf(await handle(received(unlucky)))).toEqual(['COMPLETED']);
    expect(refused).toEqual([]);
    expect(await handle(received(rejected))).toEqual([]);
    expect(refused).toEqual([sampleOrderId]);
  });

  test('publishes no charge after a conflict with a replica that voided the order and refunded the charge', async () => {
    const { handle, store, rows } = open();
    const other = open({ store, rows });
    const published: PipelineEvent[] = [];
    const { save } = store;
    const slowStore = {
      ...store,
      async save(changes: Parameters<typeof save>[0]) {
        // The charge is made, and is about to be stored.
        published.push(...(await other.handle(received(shipmentCancelled))));
        return save(changes);
      },
    };
    const charged = await open({ store: slowStore, rows }).handle(received(placed));
    expect(statusesOf(published)).toEqual(['REFUNDED']);
    expect(charged).toEqual([]);
    expect([...rows.values()].map(({ kind }) => kind)).toEqual(['charge', 'refund']);
    expect(await handle(received(placed))).toEqual([]);
  });
});
