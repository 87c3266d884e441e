import { describe, expect, test } from '@jest/globals';
import { factOf, sampleEvents, sampleOrderId, type OrderLine, type PipelineEvent } from '@order-pipeline/events';
import { applyDelta, decide, sumByProduct, type Product, type Reservation, type Stock } from './reservation.ts';
import { sampleStock } from './sample-stock.ts';

const events = sampleEvents();
const { paid, shipmentCancelled } = events;
const now = new Date(events.reserved.data.timestamp);
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const shelf = (...products: Omit<Product, 'version'>[]): Stock =>
  new Map(products.map((product) => [product._id, { ...product, version: 1 }]));
const stock = shelf(...sampleStock);
const orderOf = (...items: OrderLine[]) => ({ ...paid, data: { ...paid.data, items } });
const line = (product_id: string, quantity: number, price_minor = 29_99): OrderLine => ({
  product_id,
  quantity,
  price_minor,
});

/** The decision, the reservation and the stock after it. */
function take(known: Reservation | undefined, event: PipelineEvent, before: Stock = stock) {
  const { decision, delta } = decide(before, known, event, now);
  return {
    decision,
    delta,
    reservation: decision.outcome === 'accepted' ? decision.document : known,
    told: decision.outcome === 'ignored' ? [] : decision.events,
    stock: applyDelta(before, delta),
  };
}

const reserved = take(undefined, paid);
const lacking = take(undefined, orderOf(line('P001', 101)));
const released = take(reserved.reservation, shipmentCancelled, reserved.stock);
const forgotten = take(undefined, shipmentCancelled);

describe('a paid order', () => {
  test('takes its lines from the stock, and says all that the shipment needs', () => {
    expect(reserved.told).toEqual([events.reserved]);
    expect(reserved.delta).toEqual([
      { product_id: 'P001', quantity: -2 },
      { product_id: 'P002', quantity: -1 },
    ]);
    expect(reserved.stock.get('P001')?.quantity).toBe(98);
    expect(reserved.stock.get('P003')).toBe(stock.get('P003'));
    expect(reserved.reservation).toEqual({
      _id: sampleOrderId,
      version: 0,
      kind: 'reservation',
      status: 'RESERVED',
      at: now,
      lines: [
        { product_id: 'P001', quantity: 2 },
        { product_id: 'P002', quantity: 1 },
      ],
      reserved: events.reserved,
    });
  });

  test.each<[string, OrderLine[], string, string]>([
    ['there is one piece too few', [line('P001', 101)], 'INSUFFICIENT_STOCK', 'P001'],
    ['its second line lacks', [line('P001', 1), line('P002', 51, 49_99)], 'INSUFFICIENT_STOCK', 'P002'],
    ['its lines together are too many', [line('P001', 60), line('P001', 41)], 'INSUFFICIENT_STOCK', 'P001'],
    ['a product is unknown', [line('P001', 1), line('P404', 1)], 'UNKNOWN_PRODUCT', 'P404'],
    ['a price is another one', [line('P001', 1, 29_98)], 'PRICE_CHANGED', 'P001'],
    ['one of two prices of a product is another one', [line('P001', 1), line('P001', 1, 1)], 'PRICE_CHANGED', 'P001'],
  ])('is rejected as a whole when %s', (_, items, reason, product_id) => {
    const { decision, delta, reservation, told } = take(undefined, orderOf(...items));
    expect(decision.outcome).toBe('accepted');
    expect(told).toEqual([
      {
        type: 'inventory_updated',
        data: { order_id: sampleOrderId, timestamp: now.toISOString(), status: 'REJECTED', reason, product_id },
      },
    ]);
    expect(delta).toEqual([]);
    expect(reservation).toMatchObject({ status: 'REJECTED', lines: [], reserved: told[0] });
  });

  test('may take the last piece', () => {
    const { told, stock: after } = take(undefined, orderOf(line('P001', 60), line('P001', 40)));
    expect(told.map(factOf)).toEqual(['inventory_updated:RESERVED']);
    expect(after.get('P001')?.quantity).toBe(0);
  });

  test('is worked off under its own trace', () => {
    expect(take(undefined, { ...paid, traceparent }).told[0]?.traceparent).toBe(traceparent);
    const cancelled = { ...shipmentCancelled, traceparent };
    expect(take(reserved.reservation, cancelled, reserved.stock).told[0]?.traceparent).toBe(traceparent);
  });
});

describe('a cancelled shipment', () => {
  test('puts back what was taken', () => {
    expect(released.told).toEqual([
      {
        type: 'inventory_updated',
        data: {
          order_id: sampleOrderId,
          timestamp: now.toISOString(),
          status: 'RELEASED',
          items: paid.data.items,
        },
      },
    ]);
    expect(released.stock).toEqual(stock);
    expect(released.reservation).toMatchObject({
      status: 'RELEASED',
      reserved: events.reserved,
      released: released.told[0],
    });
  });

  test('of an order that was rejected has nothing to put back', () => {
    const { decision, delta } = take(lacking.reservation, shipmentCancelled);
    expect(decision).toMatchObject({ outcome: 'ignored' });
    expect(delta).toEqual([]);
  });

  test('puts back what was taken then, whatever the order of the lines and the price is now', () => {
    const dearer = new Map([...reserved.stock].map(([id, product]) => [id, { ...product, price_minor: 1 }]));
    const { stock: after } = take(reserved.reservation, shipmentCancelled, dearer);
    expect([...after.values()].map(({ quantity }) => quantity)).toEqual([100, 50, 75]);
  });
});

describe('a repetition', () => {
  test.each([
    ['of the payment tells of the reservation', reserved.reservation, paid, reserved.told],
    ['of the payment tells of the rejection', lacking.reservation, paid, lacking.told],
    ['of the payment tells of the reservation alone, after the release too', released.reservation, paid, reserved.told],
    ['of the cancellation tells of the release alone', released.reservation, shipmentCancelled, released.told],
  ])('%s, and moves nothing', (_, known, event, told) => {
    expect(decide(new Map(), known, event, new Date())).toEqual({
      decision: { outcome: 'repeated', events: told },
      delta: [],
    });
  });

  test('after a stay in the database has the same bytes', () => {
    const stored = JSON.parse(JSON.stringify(reserved.reservation)) as Reservation;
    expect(JSON.stringify(take(stored, paid).told)).toBe(JSON.stringify(reserved.told));
  });
});

describe('what moves no stock', () => {
  const { placed, declined, refunded, reserved: ours, shipped, cancelling } = events;
  test.each([placed, declined, refunded, ours, shipped, cancelling].map((event) => [factOf(event), event] as const))(
    '%s is ignored, whatever is known',
    (_, event) => {
      for (const known of [undefined, reserved.reservation, lacking.reservation, released.reservation]) {
        const { decision, delta } = decide(stock, known, event, now);
        expect(decision).toMatchObject({ outcome: 'ignored' });
        expect(delta).toEqual([]);
      }
    },
  );
});

describe('the anomalies of a saga', () => {
  test('duplicate compensation: stock that was put back is not put back again', () => {
    const again = take(released.reservation, shipmentCancelled, released.stock);
    expect(again.stock).toBe(released.stock);
    expect(again.told).toEqual(released.told);
  });

  test('empty rollback: a cancellation that comes before the payment undoes nothing, and is remembered', () => {
    expect(forgotten.told).toEqual([]);
    expect(forgotten.delta).toEqual([]);
    expect(forgotten.reservation).toEqual({
      _id: sampleOrderId,
      version: 0,
      kind: 'reservation',
      status: 'CANCELLED',
      at: now,
      lines: [],
    });
  });

  test('hanging action: a payment that comes after the cancellation reserves nothing, and is told so', () => {
    const late = take(forgotten.reservation, paid);
    expect(late.told.map(({ data }) => data)).toEqual([
      { order_id: sampleOrderId, timestamp: now.toISOString(), status: 'REJECTED', reason: 'ORDER_CANCELLED' },
    ]);
    expect(late.delta).toEqual([]);
    expect(late.reservation).toMatchObject({ status: 'REJECTED', lines: [] });
    expect(take(late.reservation, paid).told).toEqual(late.told);
    expect(take(late.reservation, shipmentCancelled).delta).toEqual([]);
  });

  test('hanging action: a payment that is repeated after the release takes nothing again', () => {
    const late = take(released.reservation, paid, released.stock);
    expect(late.told).toEqual(reserved.told);
    expect(late.stock).toBe(released.stock);
  });
});

describe('booking', () => {
  test('the same product twice is one line', () => {
    expect(sumByProduct([line('A', 2), line('B', 1), line('A', 3)])).toEqual([
      { product_id: 'A', quantity: 5 },
      { product_id: 'B', quantity: 1 },
    ]);
  });

  test('leaves the stock that it starts from as it is', () => {
    const before = structuredClone([...stock]);
    applyDelta(stock, [{ product_id: 'P001', quantity: -5 }]);
    expect([...stock]).toEqual(before);
  });

  test('of a product that is gone is a fault, not a loss', () => {
    expect(() => applyDelta(new Map(), [{ product_id: 'P001', quantity: 5 }])).toThrow(/P001 is gone/u);
  });
});
