/** The decision functions of the four services as the model asks them: ids in, ids out, each question asked once. */
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
  filledShelf,
  orderId,
  placedOrder,
  realFunctions,
  startedAt,
  type DecisionFunctions,
  type Scenario,
  type Shelf,
} from './scenario.ts';

/** What a message did: the document as it is then, and the list of the events that follow. */
export interface Outcome {
  readonly document: number;
  readonly events: number;
}

export async function askableDecisions(scenario: Scenario, functions: DecisionFunctions = realFunctions) {
  const events = new Interned<PipelineEvent>();
  const lists = new Interned<readonly number[]>();
  const listOf = (told: readonly PipelineEvent[]): number => lists.id(told.map((event) => events.id(event)));
  const orders = new Interned<Order>();
  const payments = new Interned<Payment | undefined>();
  const shelves = new Interned<Shelf>();
  const shipments = new Interned<Shipment | undefined>();

  const stockOf = ({ products }: Shelf) => new Map(products.map((product) => [product._id, product]));

  /** Every decision happens at a time of its own, so that a fact that is made up twice shows in its bytes. */
  let decisions = 0;
  const now = (): Date => new Date(startedAt.getTime() + (decisions += 1) * 1_000);

  const outcome = <Doc>(documents: Interned<Doc>, before: number, decision: Decision<Doc & {}>): Outcome => ({
    document: decision.outcome === 'accepted' ? documents.id(decision.document) : before,
    events: listOf(decision.outcome === 'ignored' ? [] : decision.events),
  });

  payments.id(undefined);
  shipments.id(undefined);
  const shelf = shelves.id(filledShelf(scenario));
  const placed = placedOrder(scenario);
  const step = functions.nextStep(undefined, placed.event);
  if (step.call !== 'charge') throw new Error('a placed order has to be charged');
  const gateway = await gatewayTable(step.request);

  const ignores = (service: string, document: number, event: number): boolean => {
    const told = events.get(event);
    switch (service) {
      case 'payment': {
        const asked = functions.nextStep(payments.get(document), told);
        return asked.call === 'none' && asked.decision.outcome === 'ignored';
      }
      case 'inventory': {
        const known = shelves.get(document);
        return functions.bookStock(stockOf(known), known.reservation, told, startedAt).decision.outcome === 'ignored';
      }
      case 'shipment':
        return functions.decideShipment(shipments.get(document), told, circumstances(startedAt)).outcome === 'ignored';
      default:
        return false;
    }
  };
  const heeded = new Set<string>();
  const isIgnored = (service: string, event: number): boolean =>
    !heeded.has(`${service} ${event}`) && ignores(service, 0, event);
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
    shelves,
    shipments,
    ledgers: gateway.ledgers,
    initial: {
      order: orders.id(placed.order),
      payment: payments.id(undefined),
      shelf,
      shipment: shipments.id(undefined),
      ledger: gateway.ledgers.id([]),
      events: listOf([placed.event]),
    },

    order: memoized((document: number, event: number): Outcome => {
      const received = { event: events.get(event), topic: events.get(event).type, partition: 0, offset: '0' };
      // The order keeps no time of its own beside the facts': the clock would only multiply its states.
      const record = (to: number) => outcome(orders, to, functions.recordFact(orders.get(to), received, startedAt));
      const recorded = record(document);
      // Why the model need not give the order service an event twice.
      if (record(recorded.document).document !== recorded.document) throw new Error(`${describe(event)} counts twice`);
      return recorded;
    }),

    cancel: memoized((document: number): Outcome => {
      const cancellation = functions.cancelOrder(orders.get(document), startedAt);
      if (cancellation.outcome !== 'accepted') return { document, events: listOf([]) };
      return { document: orders.id(cancellation.order), events: listOf([cancellation.event]) };
    }),

    inventory: memoized((document: number, event: number): Outcome => {
      const known = shelves.get(document);
      const stock = stockOf(known);
      const { decision, delta } = functions.bookStock(stock, known.reservation, events.get(event), now());
      const reservation = decision.outcome === 'accepted' ? decision.document : known.reservation;
      const products = [...applyDelta(stock, delta).values()];
      return {
        document: shelves.id({ products, reservation }),
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

    /** The parcel of a shipment in PROCESSING goes; undefined when there is none. */
    timer: memoized((document: number): Outcome | null => {
      const due = shipments.get(document);
      if (due?.status !== 'PROCESSING') return null;
      const { shipment: shipped, event } = functions.shipFromTimer(due, now());
      // The relay clears the outbox; the model publishes at once what waits in it.
      return { document: shipments.id({ ...shipped, outbox: [] }), events: listOf([event]) };
    }),

    payment: memoized((document: number, event: number): Outcome | GatewayCall => {
      const { call, ...rest } = functions.nextStep(payments.get(document), events.get(event));
      return 'decision' in rest ? outcome(payments, document, rest.decision) : (call as GatewayCall);
    }),

    /** What the payment is once the gateway has answered, and what the gateway's ledger is. */
    gateway: memoized((document: number, event: number, ledger: number): Outcome & { readonly ledger: number } => {
      const known = payments.get(document);
      const asked = functions.nextStep(known, events.get(event));
      if (asked.call === 'none') throw new Error(`${factOf(events.get(event))} asks nothing of the gateway`);
      const answer = gateway.ask(ledger, asked.call);
      const decision =
        asked.call === 'charge'
          ? functions.afterCharge(asked.event as EventOf<'order_placed'>, answer.result as ChargeResult, now())
          : functions.afterVoid(known, asked.event, asked.reason, answer.result as VoidResult, now());
      return { ...outcome(payments, document, decision), ledger: answer.ledger };
    }),

    /** Whether an event means nothing to a service, judged by what it does where nothing is known yet. */
    isIgnored,

    /** After a search: whether an event that seemed ignored is not always; it will be delivered in the next search. */
    learnsRelevance(): boolean {
      const sizes = { payment: payments.size, inventory: shelves.size, shipment: shipments.size };
      let learned = false;
      for (const [service, documents] of Object.entries(sizes)) {
        for (let event = 0; event < events.size; event += 1) {
          for (let document = 0; document < documents && isIgnored(service, event); document += 1) {
            if (ignores(service, document, event)) continue;
            heeded.add(`${service} ${event}`);
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

export type AskableDecisions = Awaited<ReturnType<typeof askableDecisions>>;
