/** The article's order, on which the samples of all events are based. */
import type { z } from 'zod';

export const sampleOrderId = '018f8c1e-7a00-7000-8000-0123456789ab';

export const sampleOrder = {
  customer_id: 'CUST001',
  items: [
    { product_id: 'P001', quantity: 2, price_minor: 29_99 },
    { product_id: 'P002', quantity: 1, price_minor: 49_99 },
  ],
  shipping_address: '123 Main St, City, Country',
};

/** What every event has; `second` says when it became true. */
export const sampleFact = (orderId: string, second: number) => ({
  order_id: orderId,
  timestamp: `2024-05-18T12:00:0${second}.000Z`,
});

/** Samples of the events of some schemas, by the names that tests use. */
export type SamplesOf<S extends Record<string, z.ZodType>> = Readonly<
  Record<string, { [T in keyof S]: { readonly type: T; readonly data: z.infer<S[T]> } }[keyof S]>
>;
