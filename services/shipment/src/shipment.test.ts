import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  decodeEvent,
  encodeEvent,
  factOf,
  sampleEvents,
  sampleOrderId,
  type PipelineEvent,
} from '@order-pipeline/events';
import type { Decision } from '@order-pipeline/mongo';
import { decide, ship, shipFromTimer, type Circumstances, type Shipment } from './shipment.ts';

const events = sampleEvents();
const { reserved, cancelling } = events;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const now = new Date('2024-05-18T12:00:02.000Z');
const later = new Date('2024-05-18T12:00:05.000Z');

const circumstances = (change: Partial<Circumstances> = {}): Circumstances => ({
  now,
  shipmentId: events.shipped.data.shipment_id,
  trackingDigits: '0A1B2C3D',
  processingMs: 1_000,
  ...change,
});

/** Another replica would draw other numbers: a duplicate must not. */
const elsewhere = circumstances({
  now: later,
  shipmentId: '00000000-0000-4000-8000-000000000000',
  trackingDigits: 'FFFFFFFF',
});

function accepted(decision: Decision<Shipment>): { shipment: Shipment; outcomes: readonly PipelineEvent[] } {
  if (decision.outcome !== 'accepted') throw new Error(`the decision is ${decision.outcome}`);
  return { shipment: decision.document, outcomes: decision.events };
}

const prepared = accepted(decide(undefined, reserved, circumstances()));
const left = ship(prepared.shipment, later);
const stopped = accepted(decide(prepared.shipment, cancelling, circumstances({ now: later })));
const cancelledFirst = accepted(decide(undefined, cancelling, circumstances({ now: later })));
const cancellation: PipelineEvent = {
  type: 'shipment_processed',
  data: { order_id: sampleOrderId, status: 'CANCELLED', timestamp: later.toISOString() },
};

describe('a reserved order', () => {
  test('gets a parcel, with the time at which it is due', () => {
    expect(prepared.outcomes).toEqual([]);
    expect(prepared.shipment).toEqual({
      _id: sampleOrderId,
      version: 0,
      status: 'PROCESSING',
      parcel: {
        shipment_id: events.shipped.data.shipment_id,
        tracking_number: 'TRK-0A1B2C3D',
        shipping_address: reserved.data.shipping_address,
        estimated_delivery: new Date('2024-05-21T12:00:02.000Z'),
      },
      created_at: now,
      due_at: new Date('2024-05-18T12:00:03.000Z'),
    });
  });

  test('ships at once where processing takes no time', () => {
    const { shipment, outcomes } = accepted(decide(undefined, reserved, circumstances({ processingMs: 0 })));
    expect(shipment).toMatchObject({ status: 'SHIPPED', shipped: outcomes[0] });
    expect(shipment).not.toHaveProperty('outbox');
    expect(outcomes).toEqual([{ ...events.shipped, data: { ...events.shipped.data, timestamp: now.toISOString() } }]);
  });

  test('keeps its trace until the parcel leaves', () => {
    const { shipment } = accepted(decide(undefined, { ...reserved, traceparent }, circumstances()));
    expect(ship(shipment, later).event.traceparent).toBe(traceparent);
  });
});

describe('the parcel', () => {
  test('leaves with its tracking number and its delivery date', () => {
    expect(left.event).toEqual({
      type: 'shipment_processed',
      data: {
        order_id: sampleOrderId,
        status: 'SHIPPED',
        timestamp: later.toISOString(),
        shipment_id: events.shipped.data.shipment_id,
        tracking_number: 'TRK-0A1B2C3D',
        estimated_delivery: '2024-05-21T12:00:02.000Z',
      },
    });
    expect(left.shipment).toEqual({ ...prepared.shipment, status: 'SHIPPED', shipped: left.event });
  });

  test('that the timer ships has its event in the outbox', () => {
    const { shipment, event } = shipFromTimer(prepared.shipment, later);
    expect(event).toEqual(left.event);
    expect(shipment).toEqual({
      ...left.shipment,
      outbox: [{ fact: 'shipment_processed:SHIPPED', at: later, event: left.event }],
    });
  });

  test('that does not exist cannot ship', () => {
    expect(() => ship(cancelledFirst.shipment, later)).toThrow(/has no parcel/u);
  });

  test('has a tracking number that its event accepts, whatever its eight digits', () => {
    const digits = fc.array(fc.constantFrom(...Array.from('0123456789ABCDEF')), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(digits, (each) => {
        const { shipment } = accepted(decide(undefined, reserved, circumstances({ trackingDigits: each.join('') })));
        const { topic, value } = encodeEvent(ship(shipment, later).event);
        expect(decodeEvent(topic, Buffer.from(value)).data).toMatchObject({ tracking_number: `TRK-${each.join('')}` });
      }),
    );
  });
});

describe('the estimated delivery', () => {
  const deliveryOf = (day: string): string | undefined => {
    const at = circumstances({ now: new Date(day) });
    return accepted(decide(undefined, reserved, at)).shipment.parcel?.estimated_delivery.toISOString();
  };

  test.each([
    ['2024-01-31T10:00:00.000Z', '2024-02-03T10:00:00.000Z'],
    ['2024-02-26T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['2024-02-28T10:00:00.000Z', '2024-03-02T10:00:00.000Z'],
    ['2024-02-29T10:00:00.000Z', '2024-03-03T10:00:00.000Z'],
    ['2023-02-26T10:00:00.000Z', '2023-03-01T10:00:00.000Z'],
    ['2023-02-28T10:00:00.000Z', '2023-03-03T10:00:00.000Z'],
    ['2100-02-26T10:00:00.000Z', '2100-03-01T10:00:00.000Z'],
    ['2000-02-27T10:00:00.000Z', '2000-03-01T10:00:00.000Z'],
    ['2024-04-30T10:00:00.000Z', '2024-05-03T10:00:00.000Z'],
    ['2024-12-29T10:00:00.000Z', '2025-01-01T10:00:00.000Z'],
    ['2024-12-31T23:59:59.999Z', '2025-01-03T23:59:59.999Z'],
  ])('of a parcel made on %s is %s', (day, delivery) => {
    expect(deliveryOf(day)).toBe(delivery);
  });

  test('is three days later for each day of ten years, in summer time too', () => {
    const firstMs = Date.UTC(2023, 0, 1, 1, 30);
    for (let day = 0; day < 3_653; day += 1) {
      const made = new Date(firstMs + day * 86_400_000);
      // Computed by the calendar, as a person would.
      const expected = Date.UTC(made.getUTCFullYear(), made.getUTCMonth(), made.getUTCDate() + 3, 1, 30);
      if (deliveryOf(made.toISOString()) !== new Date(expected).toISOString()) throw new Error(made.toISOString());
    }
  });
});

describe('a cancellation', () => {
  test('cancels a parcel that has not left', () => {
    expect(stopped.outcomes).toEqual([cancellation]);
    expect(stopped.shipment).toEqual({ ...prepared.shipment, status: 'CANCELLED', cancelled: cancellation });
  });

  test('is too late for a parcel that has left', () => {
    expect(decide(left.shipment, cancelling, elsewhere)).toEqual({ outcome: 'repeated', events: [left.event] });
  });

  test('continues its own trace', () => {
    expect(accepted(decide(undefined, { ...cancelling, traceparent }, circumstances())).outcomes[0]).toMatchObject({
      traceparent,
    });
  });
});

describe('a duplicate', () => {
  test.each<[string, Shipment, PipelineEvent, readonly PipelineEvent[]]>([
    ['of the reservation publishes nothing while the parcel has not left', prepared.shipment, reserved, []],
    ['of the reservation publishes again that the parcel has left', left.shipment, reserved, [left.event]],
    ['of the reservation publishes again that the parcel is cancelled', stopped.shipment, reserved, [cancellation]],
    ['of the cancellation publishes again that the parcel is cancelled', stopped.shipment, cancelling, [cancellation]],
  ])('%s, byte for byte', (_, known, event, outcomes) => {
    const stored = JSON.parse(JSON.stringify(known)) as Shipment;
    const decision = decide(stored, event, elsewhere);
    expect(decision).toEqual({ outcome: 'repeated', events: outcomes });
    expect(JSON.stringify((decision as { events: unknown }).events)).toBe(JSON.stringify(outcomes));
  });
});

describe('an event that neither ships nor cancels', () => {
  const { placed, paid, rejected, released, shipped } = events;
  test.each([placed, paid, rejected, released, shipped].map((event) => [factOf(event), event] as const))(
    '%s is ignored, whatever is known',
    (_, event) => {
      for (const known of [undefined, prepared.shipment, left.shipment, stopped.shipment, cancelledFirst.shipment]) {
        expect(decide(known, event, elsewhere)).toMatchObject({ outcome: 'ignored' });
      }
    },
  );
});

describe('the anomalies of a saga', () => {
  test('duplicate compensation: a parcel is cancelled once, with one event', () => {
    for (const known of [stopped.shipment, cancelledFirst.shipment]) {
      expect(decide(known, cancelling, elsewhere)).toEqual({ outcome: 'repeated', events: [cancellation] });
    }
  });

  test('empty rollback: a cancellation that arrives before the reservation has its outcome, and is stored', () => {
    expect(cancelledFirst.outcomes).toEqual([cancellation]);
    expect(cancelledFirst.shipment).toEqual({
      _id: sampleOrderId,
      version: 0,
      status: 'CANCELLED',
      created_at: later,
      due_at: later,
      cancelled: cancellation,
    });
  });

  test('hanging action: a reservation that arrives after the cancellation ships nothing, and publishes the cancellation', () => {
    for (const processingMs of [0, 1_000]) {
      expect(decide(cancelledFirst.shipment, reserved, circumstances({ processingMs }))).toEqual({
        outcome: 'repeated',
        events: [cancellation],
      });
    }
  });
});
