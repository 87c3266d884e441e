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
    outcomes: decision.outcome === 'ignored' ? [] : decision.events,
    stock: applyDelta(before, delta),
  };
}

const reserved = take(undefined, paid);
const lacking = take(undefined, orderOf(line('P001', 101)));
const released = take(reserved.reservation, shipmentCancelled, reserved.stock);
const unknown = take(undefined, shipmentCancelled);

describe('a paid order', () => {
  test('reserves its lines, with all that the shipment needs', () => {
    expect(reserved.outcomes).toEqual([events.reserved]);
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
    ['the stock is one piece short', [line('P001', 101)], 'INSUFFICIENT_STOCK', 'P001'],
    ['the stock lacks its second line', [line('P001', 1), line('P002', 51, 49_99)], 'INSUFFICIENT_STOCK', 'P002'],
    ['the stock lacks the sum of its lines', [line('P001', 60), line('P001', 41)], 'INSUFFICIENT_STOCK', 'P001'],
    ['a product is unknown', [line('P001', 1), line('P404', 1)], 'UNKNOWN_PRODUCT', 'P404'],
    ['a price has changed', [line('P001', 1, 29_98)], 'PRICE_CHANGED', 'P001'],
    ['one of two prices of a product differs', [line('P001', 1), line('P001', 1, 1)], 'PRICE_CHANGED', 'P001'],
  ])('is rejected as a whole when %s', (_, items, reason, product_id) => {
    const { decision, delta, reservation, outcomes } = take(undefined, orderOf(...items));
    expect(decision.outcome).toBe('accepted');
    expect(outcomes).toEqual([
      {
        type: 'inventory_updated',
        data: { order_id: sampleOrderId, timestamp: now.toISOString(), status: 'REJECTED', reason, product_id },
      },
    ]);
    expect(delta).toEqual([]);
    expect(reservation).toMatchObject({ status: 'REJECTED', lines: [], reserved: outcomes[0] });
  });

  test('may reserve the last piece', () => {
    const { outcomes, stock: after } = take(undefined, orderOf(line('P001', 60), line('P001', 40)));
    expect(outcomes.map(factOf)).toEqual(['inventory_updated:RESERVED']);
    expect(after.get('P001')?.quantity).toBe(0);
  });

  test('is processed in its own trace', () => {
    expect(take(undefined, { ...paid, traceparent }).outcomes[0]?.traceparent).toBe(traceparent);
    const cancelled = { ...shipmentCancelled, traceparent };
    expect(take(reserved.reservation, cancelled, reserved.stock).outcomes[0]?.traceparent).toBe(traceparent);
  });
});

describe('a cancelled shipment', () => {
  test('releases what was reserved', () => {
    expect(released.outcomes).toEqual([
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
      released: released.outcomes[0],
    });
  });

  test('of a rejected order releases nothing', () => {
    const { decision, delta } = take(lacking.reservation, shipmentCancelled);
    expect(decision).toMatchObject({ outcome: 'ignored' });
    expect(delta).toEqual([]);
  });

  test('releases what was reserved, whatever the lines and prices are now', () => {
    const dearer = new Map([...reserved.stock].map(([id, product]) => [id, { ...product, price_minor: 1 }]));
    const { stock: after } = take(reserved.reservation, shipmentCancelled, dearer);
    expect([...after.values()].map(({ quantity }) => quantity)).toEqual([100, 50, 75]);
  });
});

describe('a duplicate', () => {
  test.each([
    ['of the payment publishes the reservation again', reserved.reservation, paid, reserved.outcomes],
    ['of the payment publishes the rejection again', lacking.reservation, paid, lacking.outcomes],
    [
      'of the payment publishes only the reservation, also after the release',
      released.reservation,
      paid,
      reserved.outcomes,
    ],
    ['of the cancellation publishes only the release', released.reservation, shipmentCancelled, released.outcomes],
  ])('%s, and moves no stock', (_, known, event, outcomes) => {
    expect(decide(new Map(), known, event, new Date())).toEqual({
      decision: { outcome: 'repeated', events: outcomes },
      delta: [],
    });
  });

  test('has the same bytes after the document was stored', () => {
    const stored = JSON.parse(JSON.stringify(reserved.reservation)) as Reservation;
    expect(JSON.stringify(take(stored, paid).outcomes)).toBe(JSON.stringify(reserved.outcomes));
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
  test('duplicate compensation: released stock is not released again', () => {
    const again = take(released.reservation, shipmentCancelled, released.stock);
    expect(again.stock).toBe(released.stock);
    expect(again.outcomes).toEqual(released.outcomes);
  });

  test('empty rollback: a cancellation that arrives before the payment releases nothing, and is stored', () => {
    expect(unknown.outcomes).toEqual([]);
    expect(unknown.delta).toEqual([]);
    expect(unknown.reservation).toEqual({
      _id: sampleOrderId,
      version: 0,
      kind: 'reservation',
      status: 'CANCELLED',
      at: now,
      lines: [],
    });
  });

  test('hanging action: a payment that arrives after the cancellation reserves nothing, and is rejected', () => {
    const late = take(unknown.reservation, paid);
    expect(late.outcomes.map(({ data }) => data)).toEqual([
      { order_id: sampleOrderId, timestamp: now.toISOString(), status: 'REJECTED', reason: 'ORDER_CANCELLED' },
    ]);
    expect(late.delta).toEqual([]);
    expect(late.reservation).toMatchObject({ status: 'REJECTED', lines: [] });
    expect(take(late.reservation, paid).outcomes).toEqual(late.outcomes);
    expect(take(late.reservation, shipmentCancelled).delta).toEqual([]);
  });

  test('hanging action: a payment that is repeated after the release reserves nothing again', () => {
    const late = take(released.reservation, paid, released.stock);
    expect(late.outcomes).toEqual(reserved.outcomes);
    expect(late.stock).toBe(released.stock);
  });
});

describe('a change of stock', () => {
  test('the same product twice is one line', () => {
    expect(sumByProduct([line('A', 2), line('B', 1), line('A', 3)])).toEqual([
      { product_id: 'A', quantity: 5 },
      { product_id: 'B', quantity: 1 },
    ]);
  });

  test('returns a new stock and leaves the old one as it is', () => {
    const before = structuredClone([...stock]);
    applyDelta(stock, [{ product_id: 'P001', quantity: -5 }]);
    expect([...stock]).toEqual(before);
  });

  test('of a deleted product is an error, and loses no piece', () => {
    expect(() => applyDelta(new Map(), [{ product_id: 'P001', quantity: 5 }])).toThrow(/P001 does not exist/u);
  });
});
