/** Which fact causes which: every event of a search, applied to every document of the search, at each service. */
import type { ModelDecisions } from './decisions.ts';

export interface Edge {
  readonly service: 'payment' | 'inventory' | 'shipment';
  readonly input: string;
  readonly outcome: string;
}

/** A superset: documents and events of different runs are combined, and a timer counts as the reservation. */
export function outcomesOf(decisions: ModelDecisions): Edge[] {
  const { events, payments, stocks, shipments, ledgers, lists, describe } = decisions;
  // The calls below create further documents and events; those of the search are enough.
  const idsOf = ({ size }: { readonly size: number }): number[] => Array.from({ length: size }, (_, id) => id);
  const [ofPayment, ofInventory, ofShipment] = [payments, stocks, shipments].map(idsOf) as [
    number[],
    number[],
    number[],
  ];
  const allLedgers = idsOf(ledgers);
  const edges: Edge[] = [];

  for (const event of idsOf(events)) {
    const add = (service: Edge['service'], list: number): void => {
      for (const outcome of lists.get(list)) {
        edges.push({ service, input: describe(event), outcome: describe(outcome) });
      }
    };
    for (const document of ofInventory) add('inventory', decisions.inventory(document, event).events);
    for (const document of ofShipment) add('shipment', decisions.shipment(document, event).events);
    for (const document of ofPayment) {
      const result = decisions.payment(document, event);
      if (typeof result !== 'string') add('payment', result.events);
      else for (const ledger of allLedgers) add('payment', eventsAfterGateway(decisions, document, event, ledger));
    }
  }
  const unique = new Map(edges.map((edge) => [`${edge.input} → ${edge.outcome}`, edge]));
  return [...unique.keys()].toSorted().map((key) => unique.get(key)!);
}

/** None for a payment and a ledger of different runs that contradict each other. */
function eventsAfterGateway(decisions: ModelDecisions, document: number, event: number, ledger: number): number {
  try {
    return decisions.gateway(document, event, ledger).events;
  } catch (error) {
    if ((error as Error).message.includes('the gateway knows no charge')) return decisions.lists.id([]);
    throw error;
  }
}
