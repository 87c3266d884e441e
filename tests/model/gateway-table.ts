/** The responses of the simulated gateway over a ledger in memory, computed once so that the search can look them up. */
import { ledgerInMemory, type LedgerRow } from '../../services/payment/test/ledger-in-memory.ts';
import type { ChargeRequest, ChargeResult, VoidResult } from '../../services/payment/src/payment-gateway.ts';
import { createSimulatedGateway } from '../../services/payment/src/simulated-gateway.ts';
import { Interned } from './interned.ts';

export type GatewayCall = 'charge' | 'void';

interface GatewayResponse {
  readonly ledger: number;
  readonly result: ChargeResult | VoidResult;
}

export interface GatewayTable {
  readonly ledgers: Interned<readonly LedgerRow[]>;
  call(ledger: number, call: GatewayCall): GatewayResponse;
}

export async function gatewayTable(request: ChargeRequest): Promise<GatewayTable> {
  const ledgers = new Interned<readonly LedgerRow[]>();
  const responses = new Map<string, GatewayResponse>();
  const open = [ledgers.id([])];
  for (const before of open) {
    for (const call of ['charge', 'void'] as const) {
      const rows = new Map(ledgers.get(before).map((row) => [row._id, row]));
      const gateway = createSimulatedGateway(
        ledgerInMemory(rows),
        {
          latencyMs: 0,
          declineOverMinor: 1_000_000,
          declineCustomerPrefix: 'DECLINE',
          refuseRefundCustomerPrefix: 'NOREFUND',
          failureRate: 0,
          lostAnswerRate: 0,
        },
        { now: () => new Date(0) },
      );
      const result = await (call === 'charge' ? gateway.charge(request) : gateway.void(request.orderId));
      const ledger = ledgers.id([...rows.values()]);
      responses.set(`${before}:${call}`, { ledger, result });
      if (!open.includes(ledger)) open.push(ledger);
    }
  }
  return { ledgers, call: (ledger, call) => responses.get(`${ledger}:${call}`)! };
}
