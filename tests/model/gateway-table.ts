/** The real simulated gateway over a ledger in memory, asked everything once, so that the search can look answers up. */
import { ledgerInMemory, type LedgerRow } from '../../services/payment/test/ledger-in-memory.ts';
import type { ChargeRequest, ChargeResult, VoidResult } from '../../services/payment/src/payment-gateway.ts';
import { createSimulatedGateway } from '../../services/payment/src/simulated-gateway.ts';
import { Interned } from './interned.ts';

export type GatewayCall = 'charge' | 'void';

export interface GatewayAnswer {
  readonly ledger: number;
  readonly result: ChargeResult | VoidResult;
}

export interface GatewayTable {
  readonly ledgers: Interned<readonly LedgerRow[]>;
  ask(ledger: number, call: GatewayCall): GatewayAnswer;
}

export async function gatewayTable(request: ChargeRequest): Promise<GatewayTable> {
  const ledgers = new Interned<readonly LedgerRow[]>();
  const answers = new Map<string, GatewayAnswer>();
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
      answers.set(`${before}:${call}`, { ledger, result });
      if (!open.includes(ledger)) open.push(ledger);
    }
  }
  return { ledgers, ask: (ledger, call) => answers.get(`${ledger}:${call}`)! };
}
