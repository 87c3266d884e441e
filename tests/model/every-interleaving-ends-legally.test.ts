import { describe, expect, test } from '@jest/globals';
import { ship } from '../../services/shipment/src/shipment.ts';
import { askableDecisions } from './decisions.ts';
import { explore, type Exploration } from './explore.ts';
import { oneOrder } from './one-order.ts';
import { realFunctions, type DecisionFunctions, type Scenario } from './scenario.ts';

const happy: Scenario = { customer: 'CUST001', stock: 100, quantity: 2, processingMs: 1_000 };
const shipsAtOnce: Scenario = { ...happy, processingMs: 0 };
const declined: Scenario = { ...happy, customer: 'DECLINE-1' };
const unsatisfiable: Scenario = { ...happy, stock: 1 };
const neverRefunded: Scenario = { ...happy, customer: 'NOREFUND-1' };

interface Run {
  readonly mayCancel?: boolean;
  readonly mayDeadLetter?: boolean;
  readonly disturbances?: number;
  readonly defect?: Partial<DecisionFunctions>;
}

async function search(scenario: Scenario, run: Run = {}) {
  const { mayCancel = true, mayDeadLetter = true, disturbances = 3, defect = {} } = run;
  const decisions = await askableDecisions(scenario, { ...realFunctions, ...defect });
  for (;;) {
    const exploration = explore(oneOrder({ decisions, maxDisturbances: disturbances, mayDeadLetter, mayCancel }));
    if (exploration.counterexample || !decisions.learnsRelevance()) return exploration;
  }
}

/** Of a failed search the counterexample, one step a line. */
const counterexampleOf = ({ counterexample }: Exploration): string =>
  counterexample ? [...counterexample.trace, `→ ${counterexample.fault}`].join('\n') : 'none';

describe('every interleaving of one order, with up to three second deliveries, lost answers or dead letters', () => {
  test.each([
    ['that is happy', happy, 3],
    ['that is declined', declined, 3],
    ['that asks for more than there is', unsatisfiable, 3],
    ['that ships as soon as it is reserved', shipsAtOnce, 3],
    ['whose refund the gateway refuses', neverRefunded, 3],
  ])(
    'an order %s, cancelled at any point or never, ends legally, with money and stock where they belong',
    async (title, scenario, disturbances) => {
      const alone = await search(scenario, { mayCancel: false, disturbances });
      expect(counterexampleOf(alone)).toBe('none');
      const cancelled = await search(scenario, { disturbances });
      expect(counterexampleOf(cancelled)).toBe('none');
      process.stdout.write(
        `model check, an order ${title}, up to ${disturbances} disturbances: ${alone.states} states without and ` +
          `${cancelled.states} with a cancellation, ${alone.steps + cancelled.steps} steps\n`,
      );
      expect(cancelled.states).toBeGreaterThan(10_000);
    },
    300_000,
  );
});

/** A check that has never found anything proves nothing: each of these defects is planted, and has to be found. */
describe('the search finds', () => {
  const { recordFact, cancelOrder, nextStep, afterVoid, bookStock, decideShipment } = realFunctions;

  const defects: [string, Scenario, Partial<DecisionFunctions>, fault: RegExp][] = [
    [
      'an inbox without an outbox: a repeated payment tells nothing',
      happy,
      {
        nextStep: (payment, event) => {
          const step = nextStep(payment, event);
          return step.call === 'none' && step.decision.outcome === 'repeated'
            ? { call: 'none', decision: { outcome: 'repeated', events: [] } }
            : step;
        },
      },
      /nothing is left to do, and the order is PENDING/u,
    ],
    [
      'a repeated event that is decided anew instead of told again',
      happy,
      { nextStep: (payment, event) => nextStep(event.type === 'order_placed' ? undefined : payment, event) },
      /told twice, in different bytes/u,
    ],
    [
      'an order that follows the latest event',
      happy,
      {
        recordFact: (order, received, now) =>
          received.event.type === 'payment_processed' && received.event.data.status === 'COMPLETED'
            ? { outcome: 'accepted', document: { ...order, status: 'PAID' }, events: [] }
            : recordFact(order, received, now),
      },
      /moved from \w+ to PAID/u,
    ],
    [
      'a cancellation that the inventory forgets when there is nothing to undo yet',
      happy,
      {
        bookStock: (stock, reservation, event, now) =>
          !reservation && event.type === 'shipment_processed'
            ? { decision: { outcome: 'ignored', why: 'nothing reserved' }, delta: [] }
            : bookStock(stock, reservation, event, now),
      },
      /its stock is not where it should be|both/u,
    ],
    [
      'a cancellation that the shipment forgets when there is nothing to undo yet',
      happy,
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
      happy,
      {
        bookStock: (stock, reservation, event, now) => {
          const { released: _, ...unreleased } = reservation ?? {};
          return bookStock(stock, reservation && (unreleased as typeof reservation), event, now);
        },
      },
      /on hand|different bytes/u,
    ],
    [
      'a parcel that is cancelled after it has gone',
      happy,
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
      'a payment that keeps the money of a cancelled order',
      happy,
      {
        nextStep: (payment, event) =>
          event.type === 'shipment_processed'
            ? { call: 'none', decision: { outcome: 'ignored', why: '' } }
            : nextStep(payment, event),
      },
      /the order is CANCELLING/u,
    ],
    [
      'a void that tells DECLINED although it gave money back',
      happy,
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
      'a parcel that the timer sends off twice',
      happy,
      {
        shipFromTimer: (due, now) => {
          const { shipment, event } = ship(due, now);
          return { shipment: { ...shipment, shipped: ship(due, new Date(0)).event }, event };
        },
      },
      /told twice, in different bytes/u,
    ],
  ];

  test.each(defects)('%s', async (_, scenario, defect, fault) => {
    const { counterexample } = await search(scenario, { defect, disturbances: 2 });
    expect(counterexample?.fault).toMatch(fault);
    expect(counterexample?.trace).not.toContain('?');
  });

  const revealedByDeadLetters: [string, Partial<DecisionFunctions>, fault: RegExp][] = [
    [
      'an order that is CANCELLED before its money is back',
      {
        recordFact: (order, received, now) => {
          const decision = recordFact(order, received, now);
          return decision.outcome === 'accepted' && 'shipment_processed:CANCELLED' in decision.document.facts
            ? { ...decision, document: { ...decision.document, status: 'CANCELLED' } }
            : decision;
        },
      },
      /the order is CANCELLED, and 5998 of 0 are kept/u,
    ],
    [
      'a shipment that answers a cancellation only once it is told of the reservation',
      {
        decideShipment: (shipment, event, circumstances) => {
          const decision = decideShipment(shipment, event, circumstances);
          return !shipment && event.type === 'order_cancelled' && decision.outcome === 'accepted'
            ? { ...decision, events: [] }
            : decision;
        },
      },
      /nothing is left to do, and the order is CANCELLING/u,
    ],
    [
      'an order that cannot be cancelled before it is charged',
      {
        cancelOrder: (order, now) =>
          order.status === 'PENDING' ? { outcome: 'refused', state: 'PENDING' } : cancelOrder(order, now),
      },
      /nothing is left to do, and the order is PENDING/u,
    ],
  ];

  test.each(revealedByDeadLetters)('only by a dead letter: %s', async (_, defect, fault) => {
    const without = await search(happy, { defect, disturbances: 1, mayDeadLetter: false });
    expect(counterexampleOf(without)).toBe('none');
    expect(counterexampleOf(await search(happy, { defect, disturbances: 1 }))).toMatch(fault);
  });

  test('the shortest way to a fault', async () => {
    const exploration = await search(happy, {
      mayCancel: false,
      defect: {
        nextStep: (payment, event) =>
          payment ? { call: 'none', decision: { outcome: 'repeated', events: [] } } : nextStep(payment, event),
      },
    });
    expect(counterexampleOf(exploration)).toBe(
      [
        'a former owner at payment takes order_placed:PENDING',
        'the former owner, order_placed:PENDING: the gateway answers',
        'the former owner, order_placed:PENDING: stored',
        'payment takes order_placed:PENDING',
        'the former owner dies',
        '→ nothing is left to do, and the order is PENDING',
      ].join('\n'),
    );
  });
});
