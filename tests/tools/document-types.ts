/**
 * Compile-time checks, which `npm run typecheck` runs: what the services store has the shapes that the tools read. The
 * tools declare those shapes themselves (tools/src/documents.ts), because no tool imports a service.
 */
import type { WithOutbox } from '@order-pipeline/outbox';
import type { Reservation } from '../../services/inventory/src/reservation.ts';
import type { Order } from '../../services/order/src/order.ts';
import type { ChargeRow, RefundRow } from '../../services/payment/src/gateway-ledger.ts';
import type { Payment } from '../../services/payment/src/payment.ts';
import type { Shipment } from '../../services/shipment/src/shipment.ts';
import type * as tools from '../../tools/src/documents.ts';

/** Does not compile unless every stored document can be read in that shape. */
type Readable<Stored extends Read, Read> = Stored;

export type CheckedDocuments = [
  Readable<Order & WithOutbox, tools.Order>,
  Readable<Payment, tools.Payment>,
  Readable<ChargeRow | RefundRow, tools.LedgerEntry>,
  Readable<Reservation, tools.Reservation>,
  Readable<Shipment & WithOutbox, tools.Shipment>,
];
