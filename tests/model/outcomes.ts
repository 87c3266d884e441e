/** Which fact follows from which: every event that was seen, put to every document that was seen, at each service. */
import type { AskableDecisions } from './decisions.ts';

export interface Edge {
  readonly service: 'payment' | 'inventory' | 'shipment';
  readonly input: string;
  readonly outcome: string;
}

/** More than can happen: documents and events of different runs are combined, and a timer counts as the reservation. */
export function outcomesOf(decisions: AskableDecisions): Edge[] {
  const { events, payments, shelves, shipments, ledgers, lists, describe } = decisions;
  // Asking makes up new documents and events: those that were there before are enough.
  const idsOf = ({ size }: { readonly size: number }): number[] => Array.from({ length: size }, (_, id) => id);
  const [ofPayment, ofInventory, ofShipment] = [payments, shelves, shipments].map(idsOf) as [
    number[],
    number[],
    number[],
  ];
  const allLedgers = idsOf(ledgers);
  const edges: Edge[] = [];

  for (const event of idsOf(events)) {
    const add = (service: Edge['service'], list: number): void => {
      for (const told of lists.get(list)) edges.push({ service, input: describe(event), outcome: describe(told) });
    };
    for (const document of ofInventory) add('inventory', decisions.inventory(document, event).events);
    for (const document of ofShipment) add('shipment', decisions.shipment(document, event).events);
    for (const document of ofPayment) {
      const answer = decisions.payment(document, event);
      if (typeof answer !== 'string') add('payment', answer.events);
      else for (const ledger of allLedgers) add('payment', answersOf(decisions, document, event, ledger));
    }
  }
  const unique = new Map(edges.map((edge) => [`${edge.input} → ${edge.outcome}`, edge]));
  return [...unique.keys()].toSorted().map((key) => unique.get(key)!);
}

/** A payment and a ledger of different runs may contradict each other; that pair tells nothing. */
function answersOf(decisions: AskableDecisions, document: number, event: number, ledger: number): number {
  try {
    return decisions.gateway(document, event, ledger).events;
  } catch (error) {
    if ((error as Error).message.includes('the gateway knows no charge')) return decisions.lists.id([]);
    throw error;
  }
}
