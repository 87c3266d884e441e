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

function accepted(decision: Decision<Payment>): { document: Payment; event: PaymentEvent } {
  if (decision.outcome !== 'accepted') throw new Error(`the decision is ${decision.outcome}`);
  return { document: decision.document, event: decision.events[0] as PaymentEvent };
}

const captured = accepted(afterCharge(placed, { outcome: 'captured', amountMinor: 109_97 }, chargedAt));
const declined = accepted(afterCharge(placed, { outcome: 'declined', reason: 'CUSTOMER_DECLINED' }, chargedAt));
const refunded = accepted(afterVoid(captured.document, rejected, 'INSUFFICIENT_STOCK', much, refundedAt));
const voided = accepted(afterVoid(undefined, shipmentCancelled, 'ORDER_CANCELLED', nothing, refundedAt));

/** The gateway call that an event requires, or the decision where it requires none. */
const asked = (payment: Payment | undefined, event: PipelineEvent) => {
  const step = nextStep(payment, event);
  return step.call === 'none' ? step.decision : step;
};

describe('a placed order', () => {
  test('is charged when no payment of it is known', () => {
    expect(asked(undefined, placed)).toEqual({
      call: 'charge',
      event: placed,
      request: { orderId: sampleOrderId, customerId: 'CUST001', amountMinor: 109_97, currency: 'USD' },
    });
  });

  test('that was charged is COMPLETED, with all that the next services need', () => {
    expect(captured.event).toEqual(events.paid);
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

  test('that was not charged is DECLINED, with the reason', () => {
    expect(declined.event).toEqual(events.declined);
    expect(declined.document).toMatchObject({
      status: 'DECLINED',
      reason: 'CUSTOMER_DECLINED',
      charged: events.declined,
    });
  });

  test('is processed in its own trace', () => {
    const result = { outcome: 'captured', amountMinor: 109_97 } as const;
    expect(accepted(afterCharge({ ...placed, traceparent }, result, chargedAt)).event.traceparent).toBe(traceparent);
    const end = { ...shipmentCancelled, traceparent };
    expect(accepted(afterVoid(undefined, end, '', nothing, chargedAt)).event.traceparent).toBe(traceparent);
  });
});

describe('an order that will not ship', () => {
  test.each([
    ['a rejected reservation', rejected, 'INSUFFICIENT_STOCK'],
    ['a cancelled shipment', shipmentCancelled, 'ORDER_CANCELLED'],
  ])('by %s is voided, whatever is known of it', (_, event, reason) => {
    for (const known of [undefined, captured.document, declined.document]) {
      expect(asked(known, event)).toEqual({ call: 'void', reason, event });
    }
  });

  test('is REFUNDED when it was charged', () => {
    expect(refunded.event).toEqual(events.refunded);
    expect(refunded.document).toEqual({
      ...captured.document,
      status: 'REFUNDED',
      timestamp: refundedAt.toISOString(),
      reason: 'INSUFFICIENT_STOCK',
      compensated: events.refunded,
    });
  });

  test('is REFUNDED when a process was killed between the charge and its document', () => {
    const { document, event } = accepted(afterVoid(undefined, shipmentCancelled, 'ORDER_CANCELLED', much, refundedAt));
    expect(document).toMatchObject({ status: 'REFUNDED', amount_minor: 109_97 });
    expect(document).not.toHaveProperty('charged');
    expect(event.data).toMatchObject({ status: 'REFUNDED', amount_minor: 109_97, reason: 'ORDER_CANCELLED' });
  });

  test('publishes the same DECLINED fact again when it was declined before', () => {
    const { document, event } = accepted(
      afterVoid(declined.document, shipmentCancelled, 'ORDER_CANCELLED', nothing, refundedAt),
    );
    expect(event).toBe(declined.event);
    expect(document).toEqual({ ...declined.document, compensated: declined.event });
  });

  test('is an error when a COMPLETED payment was never charged', () => {
    expect(() => afterVoid(captured.document, rejected, '', nothing, refundedAt)).toThrow(/knows no charge/u);
  });
});

describe('a refund that the gateway refuses permanently', () => {
  const refusal = { outcome: 'refused', amountMinor: 109_97, reason: 'REFUND_REFUSED' } as const;
  const decision = afterVoid(captured.document, rejected, 'INSUFFICIENT_STOCK', refusal, refundedAt);
  const { document } = accepted(decision);

  test('leaves the payment REFUNDING, and publishes no refund', () => {
    expect(decision).toMatchObject({ outcome: 'accepted', events: [] });
    expect(document).toMatchObject({ status: 'REFUNDING', reason: 'REFUND_REFUSED', charged: events.paid });
    expect(document).not.toHaveProperty('compensated');
  });

  test('is an error when the gateway then knows no charge: publishing the charge again would loop', () => {
    expect(() => afterVoid(document, rejected, '', nothing, refundedAt)).toThrow(/knows no charge/u);
  });

  test('is requested again by a duplicate, because an operator may have fixed the cause', () => {
    expect(asked(document, rejected)).toMatchObject({ call: 'void' });
    expect(accepted(afterVoid(document, rejected, 'INSUFFICIENT_STOCK', much, refundedAt)).event).toEqual(
      events.refunded,
    );
  });

  test('does not change what the placed order caused', () => {
    expect(asked(document, placed)).toEqual({ outcome: 'repeated', events: [events.paid] });
  });
});

describe('a duplicate', () => {
  test.each<[string, Payment, PipelineEvent, PaymentEvent]>([
    ['of the placed order publishes the charge again', captured.document, placed, captured.event],
    ['of the placed order publishes the declined charge again', declined.document, placed, declined.event],
    ['of the placed order publishes only the charge, also after the refund', refunded.document, placed, captured.event],
    ['of the rejection publishes only the refund', refunded.document, rejected, refunded.event],
    ['of the cancellation publishes only the refund', refunded.document, shipmentCancelled, refunded.event],
    ['of the cancellation publishes that nothing will be charged', voided.document, shipmentCancelled, voided.event],
  ])('%s', (_, payment, event, outcome) => {
    expect(asked(payment, event)).toEqual({ outcome: 'repeated', events: [outcome] });
  });

  test('has the same bytes after the document was stored', () => {
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
  test('duplicate compensation: a rejection and a cancellation refund once, and publish the one refund', () => {
    const first = refunded.document.compensated;
    for (const event of [rejected, shipmentCancelled, rejected]) {
      expect(asked(refunded.document, event)).toEqual({ outcome: 'repeated', events: [first] });
    }
  });

  test('empty rollback: a cancellation that arrives before the order declines it, and is stored', () => {
    expect(voided.event.data).toEqual({
      order_id: sampleOrderId,
      timestamp: refundedAt.toISOString(),
      amount_minor: 0,
      currency: 'USD',
      status: 'DECLINED',
      reason: 'ORDER_CANCELLED',
    });
    expect(voided.document).toMatchObject({ _id: sampleOrderId, status: 'DECLINED', compensated: voided.event });
  });

  test('hanging action: an order that is placed after its cancellation is not charged', () => {
    expect(asked(voided.document, placed)).toMatchObject({ outcome: 'ignored' });
    expect(asked(refunded.document, placed)).toEqual({ outcome: 'repeated', events: [captured.event] });
  });
});
