import { describe, expect, test } from '@jest/globals';
import { sampleEvents, sampleOrderId, type PipelineEvent } from '@order-pipeline/events';
import type { Decision } from '@order-pipeline/mongo';
import { afterCharge, afterVoid, nextStep, type Payment, type PaymentEvent } from './payment.ts';

const events = sampleEvents();
const { placed, rejected, shipmentCancelled } = events;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const chargedAt = new Date('2024-05-18T12:00:01.000Z');
const refundedAt = new Date('2024-05-18T12:00:03.000Z');
const much = { outcome: 'refunded', amountMinor: 109_97 } as const;
const nothing = { outcome: 'nothing-charged' } as const;

function accepted(decision: Decision<Payment>): { document: Payment; told: PaymentEvent } {
  if (decision.outcome !== 'accepted') throw new Error(`the decision is ${decision.outcome}`);
  return { document: decision.document, told: decision.events[0] as PaymentEvent };
}

const captured = accepted(afterCharge(placed, { outcome: 'captured', amountMinor: 109_97 }, chargedAt));
const declined = accepted(afterCharge(placed, { outcome: 'declined', reason: 'CUSTOMER_DECLINED' }, chargedAt));
const refunded = accepted(afterVoid(captured.document, rejected, 'INSUFFICIENT_STOCK', much, refundedAt));
const voided = accepted(afterVoid(undefined, shipmentCancelled, 'ORDER_CANCELLED', nothing, refundedAt));

/** What an event asks when a payment is known, or what was decided without asking. */
const asked = (payment: Payment | undefined, event: PipelineEvent) => {
  const step = nextStep(payment, event);
  return step.call === 'none' ? step.decision : step;
};

describe('a placed order', () => {
  test('is charged, once nothing is known of it', () => {
    expect(asked(undefined, placed)).toEqual({
      call: 'charge',
      event: placed,
      request: { orderId: sampleOrderId, customerId: 'CUST001', amountMinor: 109_97, currency: 'USD' },
    });
  });

  test('that was charged is COMPLETED, and says all that the next services need', () => {
    expect(captured.told).toEqual(events.paid);
    expect(captured.document).toEqual({
      _id: sampleOrderId,
      version: 0,
      status: 'COMPLETED',
      amount_minor: 109_97,
      currency: 'USD',
      timestamp: chargedAt.toISOString(),
      charged: events.paid,
    });
  });

  test('that was not charged is DECLINED, and says why', () => {
    expect(declined.told).toEqual(events.declined);
    expect(declined.document).toMatchObject({
      status: 'DECLINED',
      reason: 'CUSTOMER_DECLINED',
      charged: events.declined,
    });
  });

  test('is worked off under its own trace', () => {
    const result = { outcome: 'captured', amountMinor: 109_97 } as const;
    expect(accepted(afterCharge({ ...placed, traceparent }, result, chargedAt)).told.traceparent).toBe(traceparent);
    const end = { ...shipmentCancelled, traceparent };
    expect(accepted(afterVoid(undefined, end, '', nothing, chargedAt)).told.traceparent).toBe(traceparent);
  });
});

describe('an order that comes to nothing', () => {
  test.each([
    ['a rejected reservation', rejected, 'INSUFFICIENT_STOCK'],
    ['a cancelled shipment', shipmentCancelled, 'ORDER_CANCELLED'],
  ])('by %s is voided, whatever is known of it', (_, event, reason) => {
    for (const known of [undefined, captured.document, declined.document]) {
      expect(asked(known, event)).toEqual({ call: 'void', reason, event });
    }
  });

  test('is REFUNDED when it was charged', () => {
    expect(refunded.told).toEqual(events.refunded);
    expect(refunded.document).toEqual({
      ...captured.document,
      status: 'REFUNDED',
      timestamp: refundedAt.toISOString(),
      reason: 'INSUFFICIENT_STOCK',
      compensated: events.refunded,
    });
  });

  test('is REFUNDED when it was charged by somebody who died before he could write it down', () => {
    const { document, told } = accepted(afterVoid(undefined, shipmentCancelled, 'ORDER_CANCELLED', much, refundedAt));
    expect(document).toMatchObject({ status: 'REFUNDED', amount_minor: 109_97 });
    expect(document).not.toHaveProperty('charged');
    expect(told.data).toMatchObject({ status: 'REFUNDED', amount_minor: 109_97, reason: 'ORDER_CANCELLED' });
  });

  test('is told DECLINED once more when it was declined anyway: the same fact, not another', () => {
    const { document, told } = accepted(
      afterVoid(declined.document, shipmentCancelled, 'ORDER_CANCELLED', nothing, refundedAt),
    );
    expect(told).toBe(declined.told);
    expect(document).toEqual({ ...declined.document, compensated: declined.told });
  });

  test('is a fault when a COMPLETED payment was never charged', () => {
    expect(() => afterVoid(captured.document, rejected, '', nothing, refundedAt)).toThrow(/knows no charge/u);
  });
});

describe('a refund that the gateway refuses for good', () => {
  const refusal = { outcome: 'refused', amountMinor: 109_97, reason: 'REFUND_REFUSED' } as const;
  const decision = afterVoid(captured.document, rejected, 'INSUFFICIENT_STOCK', refusal, refundedAt);
  const { document } = accepted(decision);

  test('leaves the payment REFUNDING, and tells nobody that the money is back', () => {
    expect(decision).toMatchObject({ outcome: 'accepted', events: [] });
    expect(document).toMatchObject({ status: 'REFUNDING', reason: 'REFUND_REFUSED', charged: events.paid });
    expect(document).not.toHaveProperty('compensated');
  });

  test('is a fault when the gateway then knows no charge: telling of the charge again would go round for ever', () => {
    expect(() => afterVoid(document, rejected, '', nothing, refundedAt)).toThrow(/knows no charge/u);
  });

  test('is asked for again by a repetition, for somebody may have put it right', () => {
    expect(asked(document, rejected)).toMatchObject({ call: 'void' });
    expect(accepted(afterVoid(document, rejected, 'INSUFFICIENT_STOCK', much, refundedAt)).told).toEqual(
      events.refunded,
    );
  });

  test('does not change what the placed order caused', () => {
    expect(asked(document, placed)).toEqual({ outcome: 'repeated', events: [events.paid] });
  });
});

describe('a repetition', () => {
  test.each<[string, Payment, PipelineEvent, PaymentEvent]>([
    ['of the placed order tells that it was charged', captured.document, placed, captured.told],
    ['of the placed order tells that it was declined', declined.document, placed, declined.told],
    ['of the placed order tells of the charge alone, after the refund too', refunded.document, placed, captured.told],
    ['of the rejection tells of the refund alone', refunded.document, rejected, refunded.told],
    ['of the cancellation tells of the refund alone', refunded.document, shipmentCancelled, refunded.told],
    ['of the cancellation tells that nothing will be charged', voided.document, shipmentCancelled, voided.told],
  ])('%s', (_, payment, event, told) => {
    expect(asked(payment, event)).toEqual({ outcome: 'repeated', events: [told] });
  });

  test('after a stay in the database has the same bytes', () => {
    const stored = JSON.parse(JSON.stringify(refunded.document)) as Payment;
    expect(JSON.stringify(asked(stored, placed))).toBe(JSON.stringify(asked(refunded.document, placed)));
  });
});

describe('what moves no money', () => {
  const { reserved, released, shipped, cancelling, paid } = events;
  test.each(
    [reserved, released, shipped, cancelling, paid].map((event) => [event.type, event.data.status, event] as const),
  )('%s %s is ignored, whatever is known', (_, __, event) => {
    for (const known of [undefined, captured.document, declined.document, refunded.document, voided.document]) {
      expect(asked(known, event)).toMatchObject({ outcome: 'ignored' });
    }
  });
});

describe('the anomalies of a saga', () => {
  test('duplicate compensation: a rejection and a cancellation refund once, and tell of the one refund', () => {
    const first = refunded.document.compensated;
    for (const event of [rejected, shipmentCancelled, rejected]) {
      expect(asked(refunded.document, event)).toEqual({ outcome: 'repeated', events: [first] });
    }
  });

  test('empty rollback: a cancellation that comes before the order declines it at once, and remembers', () => {
    expect(voided.told.data).toEqual({
      order_id: sampleOrderId,
      timestamp: refundedAt.toISOString(),
      amount_minor: 0,
      currency: 'USD',
      status: 'DECLINED',
      reason: 'ORDER_CANCELLED',
    });
    expect(voided.document).toMatchObject({ _id: sampleOrderId, status: 'DECLINED', compensated: voided.told });
  });

  test('hanging action: an order that is placed after its cancellation is not charged', () => {
    expect(asked(voided.document, placed)).toMatchObject({ outcome: 'ignored' });
    expect(asked(refunded.document, placed)).toEqual({ outcome: 'repeated', events: [captured.told] });
  });
});
