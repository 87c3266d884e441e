/** The decision functions of the four services, from ids to ids, each called once per combination of arguments. */
import { factOf, type EventOf, type PipelineEvent } from '@order-pipeline/events';
import type { Decision } from '@order-pipeline/mongo';
import { applyDelta } from '../../services/inventory/src/reservation.ts';
import type { Order } from '../../services/order/src/order.ts';
import type { Payment } from '../../services/payment/src/payment.ts';
import type { ChargeResult, VoidResult } from '../../services/payment/src/payment-gateway.ts';
import type { Shipment } from '../../services/shipment/src/shipment.ts';
import { gatewayTable, type GatewayCall } from './gateway-table.ts';
import { Interned, memoized } from './interned.ts';
import {
  initialStock,
  orderId,
  placedOrder,
  realFunctions,
  startedAt,
  type DecisionFunctions,
  type Scenario,
  type Stock,
} from './scenario.ts';

/** The result of an event: the document after it, and the list of its outcomes. */
export interface Outcome {
  readonly document: number;
  readonly events: number;
}

export async function modelDecisions(scenario: Scenario, functions: DecisionFunctions = realFunctions) {
  const events = new Interned<PipelineEvent>();
  const lists = new Interned<readonly number[]>();
  const listOf = (published: readonly PipelineEvent[]): number => lists.id(published.map((event) => events.id(event)));
  const orders = new Interned<Order>();
  const payments = new Interned<Payment | undefined>();
  const stocks = new Interned<Stock>();
  const shipments = new Interned<Shipment | undefined>();

  const stockOf = ({ products }: Stock) => new Map(products.map((product) => [product._id, product]));

  /** Every decision has its own time, so that a fact that is decided twice differs in its bytes. */
  let decisions = 0;
  const now = (): Date => new Date(startedAt.getTime() + (decisions += 1) * 1_000);

  const outcome = <Doc>(documents: Interned<Doc>, before: number, decision: Decision<Doc & {}>): Outcome => ({
    document: decision.outcome === 'accepted' ? documents.id(decision.document) : before,
    events: listOf(decision.outcome === 'ignored' ? [] : decision.events),
  });

  payments.id(undefined);
  shipments.id(undefined);
  const stock = stocks.id(initialStock(scenario));
  const placed = placedOrder(scenario);
  const step = functions.nextStep(undefined, placed.event);
  if (step.call !== 'charge') throw new Error('a placed order must be charged');
  const gateway = await gatewayTable(step.request);

  const ignores = (service: string, document: number, event: number): boolean => {
    const received = events.get(event);
    switch (service) {
      case 'payment': {
        const step = functions.nextStep(payments.get(document), received);
        return step.call === 'none' && step.decision.outcome === 'ignored';
      }
      case 'inventory': {
        const known = stocks.get(document);
        return (
          functions.bookStock(stockOf(known), known.reservation, received, startedAt).decision.outcome === 'ignored'
        );
      }
      case 'shipment':
        return (
          functions.decideShipment(shipments.get(document), received, circumstances(startedAt)).outcome === 'ignored'
        );
      default:
        return false;
    }
  };
  const relevant = new Set<string>();
  const isIgnored = (service: string, event: number): boolean =>
    !relevant.has(`${service} ${event}`) && ignores(service, 0, event);
  const describe = (event: number): string => factOf(events.get(event));

  const circumstances = (at: Date) => ({
    now: at,
    shipmentId: orderId,
    trackingDigits: at.getTime().toString(16).toUpperCase().slice(-8).padStart(8, '0'),
    processingMs: scenario.processingMs,
  });

  return {
    events,
    lists,
    orders,
    payments,
    stocks,
    shipments,
    ledgers: gateway.ledgers,
    initial: {
      order: orders.id(placed.order),
      payment: payments.id(undefined),
      stock,
      shipment: shipments.id(undefined),
      ledger: gateway.ledgers.id([]),
      events: listOf([placed.event]),
    },

    order: memoized((document: number, event: number): Outcome => {
      const received = { event: events.get(event), topic: events.get(event).type, partition: 0, offset: '0' };
      // Constant, because the order stores only the times of its facts: a clock would only multiply the states.
      const record = (to: number) => outcome(orders, to, functions.recordFact(orders.get(to), received, startedAt));
      const recorded = record(document);
      // So the model need not deliver an event to the order service twice.
      if (record(recorded.document).document !== recorded.document) throw new Error(`${describe(event)} counts twice`);
      return recorded;
    }),

    cancel: memoized((document: number): Outcome => {
      const cancellation = functions.cancelOrder(orders.get(document), startedAt);
      if (cancellation.outcome !== 'accepted') return { document, events: listOf([]) };
      return { document: orders.id(cancellation.order), events: listOf([cancellation.event]) };
    }),

    inventory: memoized((document: number, event: number): Outcome => {
      const known = stocks.get(document);
      const stock = stockOf(known);
      const { decision, delta } = functions.bookStock(stock, known.reservation, events.get(event), now());
      const reservation = decision.outcome === 'accepted' ? decision.document : known.reservation;
      const products = [...applyDelta(stock, delta).values()];
      return {
        document: stocks.id({ products, reservation }),
        events: listOf(decision.outcome === 'ignored' ? [] : decision.events),
      };
    }),

    shipment: memoized((document: number, event: number): Outcome => {
      return outcome(
        shipments,
        document,
        functions.decideShipment(shipments.get(document), events.get(event), circumstances(now())),
      );
    }),

    /** A shipment in PROCESSING ships; null when there is none. */
    timer: memoized((document: number): Outcome | null => {
      const due = shipments.get(document);
      if (due?.status !== 'PROCESSING') return null;
      const { shipment: shipped, event } = functions.shipFromTimer(due, now());
      // The model publishes the entries of the outbox at once, as the relay does later.
      return { document: shipments.id({ ...shipped, outbox: [] }), events: listOf([event]) };
    }),

    payment: memoized((document: number, event: number): Outcome | GatewayCall => {
      const { call, ...rest } = functions.nextStep(payments.get(document), events.get(event));
      return 'decision' in rest ? outcome(payments, document, rest.decision) : (call as GatewayCall);
    }),

    /** The payment after the response of the gateway, and the gateway's ledger. */
    gateway: memoized((document: number, event: number, ledger: number): Outcome & { readonly ledger: number } => {
      const known = payments.get(document);
      const step = functions.nextStep(known, events.get(event));
      if (step.call === 'none') throw new Error(`${factOf(events.get(event))} needs no call of the gateway`);
      const response = gateway.call(ledger, step.call);
      const decision =
        step.call === 'charge'
          ? functions.afterCharge(step.event as EventOf<'order_placed'>, response.result as ChargeResult, now())
          : functions.afterVoid(known, step.event, step.reason, response.result as VoidResult, now());
      return { ...outcome(payments, document, decision), ledger: response.ledger };
    }),

    /** Whether a service ignores an event, judged by its decision without a document. */
    isIgnored,

    /** After a search: whether a service does not always ignore an event; then the next search delivers it. */
    learnsRelevance(): boolean {
      const sizes = { payment: payments.size, inventory: stocks.size, shipment: shipments.size };
      let learned = false;
      for (const [service, documents] of Object.entries(sizes)) {
        for (let event = 0; event < events.size; event += 1) {
          for (let document = 0; document < documents && isIgnored(service, event); document += 1) {
            if (ignores(service, document, event)) continue;
            relevant.add(`${service} ${event}`);
            learned = true;
          }
        }
      }
      return learned;
    },

    isCancelled: (document: number): boolean => 'order_cancelled:CANCELLING' in orders.get(document).facts,

    describe,
  };
}

export type ModelDecisions = Awaited<ReturnType<typeof modelDecisions>>;
