import { describe, expect, test } from '@jest/globals';
import { GatewayOutageError, type ChargeRequest } from './payment-gateway.ts';
import { ledgerInMemory, type LedgerRow } from '../test/ledger-in-memory.ts';
import { createSimulatedGateway, type SimulatedGatewaySettings } from './simulated-gateway.ts';

const at = new Date('2024-05-18T12:00:00.000Z');
const orderId = '018f8c1e-7a00-7000-8000-0123456789ab';
const request: ChargeRequest = { orderId, customerId: 'CUST001', amountMinor: 109_97, currency: 'USD' };
const quiet: SimulatedGatewaySettings = {
  latencyMs: 0,
  declineOverMinor: 10_000_00,
  declineCustomerPrefix: 'DECLINE',
  refuseRefundCustomerPrefix: 'NOREFUND',
  failureRate: 0,
  lostAnswerRate: 0,
};

/** A gateway with the given random numbers, and then none that causes a failure. */
function open(settings: Partial<SimulatedGatewaySettings> = {}, dice: number[] = []) {
  const rows = new Map<string, LedgerRow>();
  const gateway = createSimulatedGateway(
    ledgerInMemory(rows),
    { ...quiet, ...settings },
    { now: () => at, random: () => dice.shift() ?? 1 },
  );
  return { gateway, rows, ledger: () => [...rows.values()] };
}

describe('a charge', () => {
  test('is written into the ledger before the response', async () => {
    const { gateway, ledger } = open();
    expect(await gateway.charge(request)).toEqual({ outcome: 'captured', amountMinor: 109_97 });
    expect(ledger()).toEqual([
      {
        _id: `${orderId}:charge`,
        order_id: orderId,
        kind: 'charge',
        outcome: 'captured',
        amount_minor: 109_97,
        currency: 'USD',
        customer_id: 'CUST001',
        at,
      },
    ]);
  });

  test('is idempotent per order, in sequence and concurrently', async () => {
    const { gateway, rows } = open();
    const answers = await Promise.all([gateway.charge(request), gateway.charge(request), gateway.charge(request)]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await gateway.charge({ ...request, amountMinor: 5 })).toEqual({ outcome: 'captured', amountMinor: 109_97 });
    expect(rows.size).toBe(1);
  });

  test.each([
    ['of a customer whom the rule declines', { customerId: 'DECLINE-7' }, 'CUSTOMER_DECLINED'],
    ['above the limit', { amountMinor: 10_000_01 }, 'AMOUNT_OVER_LIMIT'],
  ])('%s is declined, and stays so', async (_, change, reason) => {
    const { gateway, ledger } = open();
    for (let call = 0; call < 3; call += 1) {
      expect(await gateway.charge({ ...request, ...change })).toEqual({ outcome: 'declined', reason });
    }
    expect(ledger()).toMatchObject([{ outcome: 'declined', reason }]);
    expect(await gateway.charge(request)).toEqual({ outcome: 'declined', reason });
  });

  test('of exactly the limit is captured', async () => {
    const { gateway } = open();
    expect(await gateway.charge({ ...request, amountMinor: 10_000_00 })).toMatchObject({ outcome: 'captured' });
  });
});

describe('a void', () => {
  test('refunds the charge, once', async () => {
    const { gateway, ledger } = open();
    await gateway.charge(request);
    for (let call = 0; call < 3; call += 1) {
      expect(await gateway.void(orderId)).toEqual({ outcome: 'refunded', amountMinor: 109_97 });
    }
    expect(ledger()).toMatchObject([
      { _id: `${orderId}:charge`, outcome: 'captured' },
      { _id: `${orderId}:refund`, order_id: orderId, kind: 'refund', amount_minor: 109_97 },
    ]);
    expect(await gateway.charge(request)).toEqual({ outcome: 'captured', amountMinor: 109_97 });
    expect(ledger()).toHaveLength(2);
  });

  test('that comes first refuses every later charge', async () => {
    const { gateway, ledger } = open();
    expect(await gateway.void(orderId)).toEqual({ outcome: 'nothing-charged' });
    expect(await gateway.charge(request)).toEqual({ outcome: 'declined', reason: 'ORDER_CANCELLED' });
    expect(await gateway.void(orderId)).toEqual({ outcome: 'nothing-charged' });
    expect(ledger()).toMatchObject([{ _id: `${orderId}:charge`, outcome: 'voided', amount_minor: 0 }]);
  });

  test('of a declined charge refunds nothing', async () => {
    const { gateway, ledger } = open();
    await gateway.charge({ ...request, customerId: 'DECLINE' });
    expect(await gateway.void(orderId)).toEqual({ outcome: 'nothing-charged' });
    expect(ledger()).toHaveLength(1);
  });

  test('concerns only its own order', async () => {
    const { gateway } = open();
    await gateway.void('another');
    expect(await gateway.charge(request)).toMatchObject({ outcome: 'captured' });
  });

  test('is refused permanently for a customer that is never refunded', async () => {
    const { gateway, ledger } = open();
    await gateway.charge({ ...request, customerId: 'NOREFUND-1' });
    for (let call = 0; call < 2; call += 1) {
      expect(await gateway.void(orderId)).toEqual({
        outcome: 'refused',
        amountMinor: 109_97,
        reason: 'REFUND_REFUSED',
      });
    }
    expect(ledger()).toHaveLength(1);
  });

  test('concurrent with a charge leaves a consistent ledger, whichever comes first', async () => {
    const { gateway, ledger } = open();
    const [charge, undo] = await Promise.all([gateway.charge(request), gateway.void(orderId)]);
    const sum = (kind: string) =>
      ledger().reduce((total, row) => total + (row.kind === kind ? row.amount_minor : 0), 0);
    expect([charge.outcome, undo.outcome]).toEqual(['captured', 'refunded']);
    expect(sum('refund')).toBe(sum('charge'));
  });
});

describe('a gateway with faults', () => {
  test('has moved no money when a call fails before it took effect', async () => {
    const { gateway, rows } = open({ failureRate: 0.5 }, [0.49]);
    await expect(gateway.charge(request)).rejects.toThrow(GatewayOutageError);
    expect(rows.size).toBe(0);
    expect(await gateway.charge(request)).toMatchObject({ outcome: 'captured' });
  });

  test('has moved money when a response is lost, and returns it for the repeated call', async () => {
    const { gateway, ledger } = open({ lostAnswerRate: 0.5 }, [1, 0.49, 1, 1, 1, 0.49]);
    await expect(gateway.charge(request)).rejects.toMatchObject({ outage: true });
    expect(ledger()).toHaveLength(1);
    expect(await gateway.charge(request)).toEqual({ outcome: 'captured', amountMinor: 109_97 });
    await expect(gateway.void(orderId)).rejects.toMatchObject({ outage: true });
    expect(await gateway.void(orderId)).toEqual({ outcome: 'refunded', amountMinor: 109_97 });
    expect(ledger()).toHaveLength(2);
  });

  test('takes the configured time', async () => {
    const { gateway } = open({ latencyMs: 40 });
    const startMs = performance.now();
    await gateway.charge(request);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(39);
  });
});
