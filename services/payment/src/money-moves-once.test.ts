import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { eventId, sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import { ledgerInMemory, type LedgerRow } from '../test/ledger-in-memory.ts';
import { afterCharge, afterVoid, nextStep, type Payment } from './payment.ts';
import { createSimulatedGateway } from './simulated-gateway.ts';

const { placed, rejected, shipmentCancelled, reserved, released, shipped } = sampleEvents();

/** A delivery of an event, and what fails before its effect is stored. */
interface Delivery {
  readonly event: PipelineEvent;
  readonly failure: 'none' | 'response lost' | 'killed before it was stored' | 'killed before it was published';
}

const delivery: fc.Arbitrary<Delivery> = fc.record({
  event: fc.constantFrom<PipelineEvent>(placed, rejected, shipmentCancelled, reserved, released, shipped),
  failure: fc.constantFrom('none', 'response lost', 'killed before it was stored', 'killed before it was published'),
});

/** The payment service without its database: its decisions, with the gateway's results, and the facts it published. */
async function run(customerId: string, deliveries: readonly Delivery[]) {
  const rows = new Map<string, LedgerRow>();
  let random = 1;
  const gateway = createSimulatedGateway(
    ledgerInMemory(rows),
    {
      latencyMs: 0,
      declineOverMinor: 10_000_00,
      declineCustomerPrefix: 'DECLINE',
      refuseRefundCustomerPrefix: 'NOREFUND',
      failureRate: 0,
      lostAnswerRate: 0.5,
    },
    { random: () => random },
  );
  let payment: Payment | undefined;
  const published = new Map<string, PipelineEvent>();
  const order = { ...placed, data: { ...placed.data, customer_id: customerId } };
  const call = async (event: PipelineEvent, at: Date) => {
    const step = nextStep(payment, event);
    if (step.call === 'none') return step.decision;
    if (step.call === 'charge') return afterCharge(step.event, await gateway.charge(step.request), at);
    return afterVoid(payment, step.event, step.reason, await gateway.void(sampleOrderId), at);
  };

  for (const [second, { event, failure }] of deliveries.entries()) {
    const at = new Date(Date.UTC(2024, 4, 18, 12, 0, second));
    const received = event === placed ? order : event;
    random = failure === 'response lost' ? 0 : 1;
    const decision = await call(received, at).catch(() => undefined);
    if (!decision || failure === 'killed before it was stored') continue;
    if (decision.outcome === 'accepted') payment = decision.document;
    if (decision.outcome === 'ignored' || failure === 'killed before it was published') continue;
    for (const fact of decision.events) {
      const before = published.get(eventId(fact));
      if (before && JSON.stringify(before) !== JSON.stringify(fact))
        throw new Error(`${eventId(fact)} has two contents`);
      published.set(eventId(fact), fact);
    }
  }
  const ledger = [...rows.values()];
  const captured = ledger.filter((row) => row.kind === 'charge' && row.outcome === 'captured');
  return {
    payment,
    captured,
    refunds: ledger.filter(({ kind }) => kind === 'refund'),
    published: [...published.values()],
  };
}

/** The states that a payment may have after everything was delivered twice. */
function endsOf(isPlaced: boolean, isVoided: boolean, charges: number): (Payment['status'] | undefined)[] {
  if (isVoided) return charges > 0 ? ['REFUNDED', 'REFUNDING'] : ['DECLINED'];
  return isPlaced ? [charges > 0 ? 'COMPLETED' : 'DECLINED'] : [undefined];
}

const statusesOf = (published: readonly PipelineEvent[]): string[] => published.map(({ data }) => data.status);

test.each(['CUST001', 'DECLINE-1', 'NOREFUND-1'])(
  'whatever comes, in whatever order and with whatever failures, %s is charged once at most and refunded once at most',
  async (customerId) => {
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { maxLength: 12 }), async (deliveries) => {
        // A redelivery follows each failure sooner or later: here at the end, in the same order.
        const again = deliveries.map(({ event }) => ({ event, failure: 'none' }) as const);
        const { payment, captured, refunds, published } = await run(customerId, [...deliveries, ...again]);
        const events = deliveries.map(({ event }) => event);
        const isVoided = events.includes(rejected) || events.includes(shipmentCancelled);
        const statuses = statusesOf(published);

        const shouldBeBack = isVoided && customerId !== 'NOREFUND-1';
        const amountsOf = (moved: readonly LedgerRow[]): number[] => moved.map((row) => row.amount_minor);
        expect(captured.length).toBeLessThanOrEqual(customerId === 'DECLINE-1' ? 0 : 1);
        expect(amountsOf(refunds)).toEqual(shouldBeBack ? amountsOf(captured) : []);
        // No published outcome is about money that has not moved, and no two outcomes exclude each other.
        expect(statuses.filter((status) => status === 'REFUNDED').length).toBeLessThanOrEqual(refunds.length);
        expect(statuses.filter((status) => status === 'COMPLETED').length).toBeLessThanOrEqual(captured.length);
        expect(statuses.includes('DECLINED') && captured.length === 1).toBe(false);
        expect(endsOf(events.includes(placed), isVoided, captured.length)).toContain(payment?.status);
      }),
      { numRuns: 400 },
    );
  },
  60_000,
);

test('an input that moved money always has an outcome in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { maxLength: 8 }), async (deliveries) => {
      const redelivered = deliveries.map(({ event }) => ({ event, failure: 'none' }) as const);
      const { published } = await run('CUST001', [...deliveries, ...redelivered]);
      const events = deliveries.map(({ event }) => event);
      const isVoided = events.includes(rejected) || events.includes(shipmentCancelled);
      const outcomes = statusesOf(published).filter((status) => status !== 'COMPLETED' || !isVoided);
      expect(outcomes).toHaveLength(isVoided || events.includes(placed) ? 1 : 0);
      expect(outcomes.every((status) => (status !== 'COMPLETED') === isVoided)).toBe(true);
    }),
    { numRuns: 400 },
  );
}, 60_000);
