import { describe, expect, test } from '@jest/globals';
import { ship } from '../../services/shipment/src/shipment.ts';
import { modelDecisions } from './decisions.ts';
import { explore, type Exploration } from './explore.ts';
import { oneOrder } from './one-order.ts';
import { realFunctions, type DecisionFunctions, type Scenario } from './scenario.ts';

const ships: Scenario = { customer: 'CUST001', stock: 100, quantity: 2, processingMs: 1_000 };
const shipsImmediately: Scenario = { ...ships, processingMs: 0 };
const declined: Scenario = { ...ships, customer: 'DECLINE-1' };
const unsatisfiable: Scenario = { ...ships, stock: 1 };
const refundRefused: Scenario = { ...ships, customer: 'NOREFUND-1' };

interface Run {
  readonly mayCancel?: boolean;
  readonly mayDeadLetter?: boolean;
  readonly disturbances?: number;
  readonly defect?: Partial<DecisionFunctions>;
}

async function search(scenario: Scenario, run: Run = {}) {
  const { mayCancel = true, mayDeadLetter = true, disturbances = 3, defect = {} } = run;
  const decisions = await modelDecisions(scenario, { ...realFunctions, ...defect });
  for (;;) {
    const exploration = explore(oneOrder({ decisions, maxDisturbances: disturbances, mayDeadLetter, mayCancel }));
    if (exploration.counterexample || !decisions.learnsRelevance()) return exploration;
  }
}

/** The counterexample of a failed search, one step per line. */
const counterexampleOf = ({ counterexample }: Exploration): string =>
  counterexample ? [...counterexample.trace, `→ ${counterexample.violation}`].join('\n') : 'none';

describe('every interleaving of one order, with up to three second deliveries, lost responses or dead letters', () => {
  test.each([
    ['that ships', ships, 3],
    ['that is declined', declined, 3],
    ['that exceeds the stock', unsatisfiable, 3],
    ['that ships as soon as it is reserved', shipsImmediately, 3],
    ['whose refund the gateway refuses', refundRefused, 3],
  ])(
    'an order %s, cancelled at any point or never, ends legally, with consistent payment and stock',
    async (title, scenario, disturbances) => {
      const uncancelled = await search(scenario, { mayCancel: false, disturbances });
      expect(counterexampleOf(uncancelled)).toBe('none');
      const cancelled = await search(scenario, { disturbances });
      expect(counterexampleOf(cancelled)).toBe('none');
      process.stdout.write(
        `model check, an order ${title}, up to ${disturbances} disturbances: ${uncancelled.states} states without and ` +
          `${cancelled.states} with a cancellation, ${uncancelled.steps + cancelled.steps} steps\n`,
      );
      expect(cancelled.states).toBeGreaterThan(10_000);
    },
    300_000,
  );
});

/** A check that has never found a violation proves nothing: the search must find each of these planted defects. */
describe('the search finds', () => {
  const { recordFact, cancelOrder, nextStep, afterVoid, bookStock, decideShipment } = realFunctions;

  const defects: [string, Scenario, Partial<DecisionFunctions>, violation: RegExp][] = [
    [
      'an inbox without an outbox: a repeated payment publishes nothing',
      ships,
      {
        nextStep: (payment, event) => {
          const step = nextStep(payment, event);
          return step.call === 'none' && step.decision.outcome === 'repeated'
            ? { call: 'none', decision: { outcome: 'repeated', events: [] } }
            : step;
        },
      },
      /the pipeline is idle, and the order is PENDING/u,
    ],
    [
      'a repeated event that is decided again instead of republished',
      ships,
      { nextStep: (payment, event) => nextStep(event.type === 'order_placed' ? undefined : payment, event) },
      /published twice, with different bytes/u,
    ],
    [
      'an order that follows the latest event',
      ships,
      {
        recordFact: (order, received, now) =>
          received.event.type === 'payment_processed' && received.event.data.status === 'COMPLETED'
            ? { outcome: 'accepted', document: { ...order, status: 'PAID' }, events: [] }
            : recordFact(order, received, now),
      },
      /moved from \w+ to PAID/u,
    ],
    [
      'a cancellation that the inventory forgets when nothing is reserved yet',
      ships,
      {
        bookStock: (stock, reservation, event, now) =>
          !reservation && event.type === 'shipment_processed'
            ? { decision: { outcome: 'ignored', why: 'nothing reserved' }, delta: [] }
            : bookStock(stock, reservation, event, now),
      },
      /its stock does not agree|both/u,
    ],
    [
      'a cancellation that the shipment service forgets when it has no shipment yet',
      ships,
      {
        decideShipment: (shipment, event, circumstances) => {
          const decision = decideShipment(shipment, event, circumstances);
          return !shipment && event.type === 'order_cancelled' && decision.outcome === 'accepted'
            ? { outcome: 'repeated', events: decision.events }
            : decision;
        },
      },
      /both|different bytes/u,
    ],
    [
      'stock that is released with every delivery of the cancellation',
      ships,
      {
        bookStock: (stock, reservation, event, now) => {
          const { released: _, ...unreleased } = reservation ?? {};
          return bookStock(stock, reservation && (unreleased as typeof reservation), event, now);
        },
      },
      /on hand|different bytes/u,
    ],
    [
      'a shipment that is cancelled after it shipped',
      ships,
      {
        decideShipment: (shipment, event, circumstances) =>
          decideShipment(
            shipment?.status === 'SHIPPED' && event.type === 'order_cancelled'
              ? { ...shipment, status: 'PROCESSING' }
              : shipment,
            event,
            circumstances,
          ),
      },
      /both shipment_processed:SHIPPED and shipment_processed:CANCELLED/u,
    ],
    [
      'a payment that does not refund a cancelled order',
      ships,
      {
        nextStep: (payment, event) =>
          event.type === 'shipment_processed'
            ? { call: 'none', decision: { outcome: 'ignored', why: '' } }
            : nextStep(payment, event),
      },
      /the order is CANCELLING/u,
    ],
    [
      'a void that reports DECLINED although it refunded',
      ships,
      {
        afterVoid: (payment, event, reason, _, now) =>
          afterVoid(payment, event, reason, { outcome: 'nothing-charged' }, now),
      },
      /a decision threw: .* the gateway knows no charge|both/u,
    ],
    [
      'an order that can be cancelled after the payment was declined',
      declined,
      { cancelOrder: (order, now) => cancelOrder({ ...order, status: 'PENDING' }, now) },
      /moved from PAYMENT_DECLINED to CANCELL/u,
    ],
    [
      'a shipment that the timer ships twice',
      ships,
      {
        shipFromTimer: (due, now) => {
          const { shipment, event } = ship(due, now);
          return { shipment: { ...shipment, shipped: ship(due, new Date(0)).event }, event };
        },
      },
      /published twice, with different bytes/u,
    ],
  ];

  test.each(defects)('%s', async (_, scenario, defect, violation) => {
    const { counterexample } = await search(scenario, { defect, disturbances: 2 });
    expect(counterexample?.violation).toMatch(violation);
    expect(counterexample?.trace).not.toContain('?');
  });

  const revealedByDeadLetters: [string, Partial<DecisionFunctions>, violation: RegExp][] = [
    [
      'an order that is CANCELLED before its refund',
      {
        recordFact: (order, received, now) => {
          const decision = recordFact(order, received, now);
          return decision.outcome === 'accepted' && 'shipment_processed:CANCELLED' in decision.document.facts
            ? { ...decision, document: { ...decision.document, status: 'CANCELLED' } }
            : decision;
        },
      },
      /the order is CANCELLED, and the customer paid 5998 instead of 0/u,
    ],
    [
      'a shipment service that responds to a cancellation only after the reservation',
      {
        decideShipment: (shipment, event, circumstances) => {
          const decision = decideShipment(shipment, event, circumstances);
          return !shipment && event.type === 'order_cancelled' && decision.outcome === 'accepted'
            ? { ...decision, events: [] }
            : decision;
        },
      },
      /the pipeline is idle, and the order is CANCELLING/u,
    ],
    [
      'an order that cannot be cancelled before it is charged',
      {
        cancelOrder: (order, now) =>
          order.status === 'PENDING' ? { outcome: 'refused', state: 'PENDING' } : cancelOrder(order, now),
      },
      /the pipeline is idle, and the order is PENDING/u,
    ],
  ];

  test.each(revealedByDeadLetters)('only with a dead letter: %s', async (_, defect, violation) => {
    const without = await search(ships, { defect, disturbances: 1, mayDeadLetter: false });
    expect(counterexampleOf(without)).toBe('none');
    expect(counterexampleOf(await search(ships, { defect, disturbances: 1 }))).toMatch(violation);
  });

  test('the shortest trace to a violation', async () => {
    const exploration = await search(ships, {
      mayCancel: false,
      defect: {
        nextStep: (payment, event) =>
          payment ? { call: 'none', decision: { outcome: 'repeated', events: [] } } : nextStep(payment, event),
      },
    });
    expect(counterexampleOf(exploration)).toBe(
      [
        'a former owner of payment reads order_placed:PENDING',
        'the former owner, order_placed:PENDING: the gateway responds',
        'the former owner, order_placed:PENDING: stored',
        'payment reads order_placed:PENDING',
        'the former owner is killed',
        '→ the pipeline is idle, and the order is PENDING',
      ].join('\n'),
    );
  });
});
