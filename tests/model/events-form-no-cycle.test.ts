import { expect, test } from '@jest/globals';
import { services, type EventType } from '@order-pipeline/events';
import { modelDecisions } from './decisions.ts';
import { explore } from './explore.ts';
import { oneOrder } from './one-order.ts';
import { outcomesOf, type Edge } from './outcomes.ts';
import type { Scenario } from './scenario.ts';

const happy: Scenario = { customer: 'CUST001', stock: 100, quantity: 2, processingMs: 1_000 };
const scenarios: readonly Scenario[] = [
  happy,
  { ...happy, processingMs: 0 },
  { ...happy, customer: 'DECLINE-1' },
  { ...happy, stock: 1 },
  { ...happy, customer: 'NOREFUND-1' },
];

/** The edges that the services have, over all states and events that a search of each scenario reaches. */
async function graph(): Promise<Edge[]> {
  const edges = new Map<string, Edge>();
  for (const scenario of scenarios) {
    const decisions = await modelDecisions(scenario);
    expect(
      explore(oneOrder({ decisions, maxDisturbances: 1, mayDeadLetter: true, mayCancel: true })),
    ).not.toHaveProperty('counterexample');
    for (const edge of outcomesOf(decisions)) edges.set(`${edge.input} → ${edge.outcome}`, edge);
  }
  return [...edges.values()];
}

/** A cycle of facts, or undefined; depth first. */
function cycleOf(edges: readonly Pick<Edge, 'input' | 'outcome'>[]): string[] | undefined {
  const visit = (fact: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(fact)) return [...path.slice(path.indexOf(fact)), fact];
    for (const { outcome } of edges.filter(({ input }) => input === fact)) {
      const cycle = visit(outcome, [...path, fact]);
      if (cycle) return cycle;
    }
    return undefined;
  };
  for (const { input } of edges) {
    const cycle = visit(input, []);
    if (cycle) return cycle;
  }
  return undefined;
}

const edges = await graph();

test('no fact causes itself, although the services consume each other’s topics', () => {
  expect(cycleOf(edges)).toBeUndefined();
});

test('the search finds a cycle', () => {
  const cycle = cycleOf([...edges, { input: 'inventory_updated:RELEASED', outcome: 'order_placed:PENDING' }]);
  expect(cycle?.[0]).toBe(cycle?.at(-1));
  expect(cycle).toEqual(expect.arrayContaining(['order_placed:PENDING', 'inventory_updated:RELEASED']));
});

test('the facts have exactly the documented outcomes', () => {
  expect(edges.map(({ service, input, outcome }) => `${service}: ${input} → ${outcome}`).toSorted()).toEqual([
    'inventory: payment_processed:COMPLETED → inventory_updated:REJECTED',
    'inventory: payment_processed:COMPLETED → inventory_updated:RESERVED',
    'inventory: shipment_processed:CANCELLED → inventory_updated:RELEASED',
    'payment: inventory_updated:REJECTED → payment_processed:DECLINED',
    'payment: inventory_updated:REJECTED → payment_processed:REFUNDED',
    'payment: order_placed:PENDING → payment_processed:COMPLETED',
    'payment: order_placed:PENDING → payment_processed:DECLINED',
    'payment: shipment_processed:CANCELLED → payment_processed:DECLINED',
    'payment: shipment_processed:CANCELLED → payment_processed:REFUNDED',
    'shipment: inventory_updated:RESERVED → shipment_processed:CANCELLED',
    'shipment: inventory_updated:RESERVED → shipment_processed:SHIPPED',
    'shipment: order_cancelled:CANCELLING → shipment_processed:CANCELLED',
    'shipment: order_cancelled:CANCELLING → shipment_processed:SHIPPED',
  ]);
});

test('each service consumes its inputs and produces its outcomes', () => {
  for (const { service, input, outcome } of edges) {
    const [consumed, produced] = [input, outcome].map((fact) => fact.split(':')[0] as EventType);
    expect(services[service].consumes as readonly EventType[]).toContain(consumed);
    expect(services[service].produces as readonly EventType[]).toContain(produced);
  }
});
