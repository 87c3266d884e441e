/**
 * One schema per event: the only source of types, validation, JSON Schema and AsyncAPI. Objects drop unknown fields
 * when read, so a newer producer never stops an older consumer; events gain optional fields only.
 */
import { z } from 'zod';
import { maxPriceMinor, minorFromDecimal } from './money.ts';

/** Everything a person types is bounded, and is text that survives a round trip through UTF-8. */
const text = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength)
    .regex(/\S/u, 'must not be empty')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');

export const orderIdSchema = z.uuid().describe('The order this event is about; also the key of the Kafka record.');
export const productIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u, 'must be 1 to 64 letters, digits, dots, dashes');
export const customerIdSchema = text(500);
export const shippingAddressSchema = text(500);
export const quantitySchema = z.int().min(1).max(10_000);
export const priceMinorSchema = z.int().min(0).max(maxPriceMinor).describe('Price of one piece in minor units.');
export const maxItems = 100;

/** A decimal amount in the major unit, as the HTTP edge takes it. That it is negative is one fault, not two. */
export const decimalAmountSchema = (max: number): z.ZodNumber =>
  z
    .number()
    .min(0)
    .max(max)
    .refine((amount) => amount < 0 || minorFromDecimal(amount) !== undefined, 'must have at most two decimals');

const timestamp = z.iso.datetime().describe('When the fact became true: RFC 3339, UTC.');
const amountMinor = z.int().min(0).describe('Minor units of `currency`.');
const currencyCode = z.string().length(3).describe('ISO 4217.');
const reason = z.string().max(64).describe('Why, as a constant name.');

export const orderLineSchema = z.object({
  product_id: productIdSchema,
  quantity: quantitySchema,
  price_minor: priceMinorSchema,
});
export type OrderLine = z.infer<typeof orderLineSchema>;
const items = z.array(orderLineSchema).min(1).max(maxItems);

const fact = { order_id: orderIdSchema, timestamp };

/** What the next services need of the order: nobody calls another service to learn it. */
const order = {
  customer_id: customerIdSchema,
  items,
  shipping_address: shippingAddressSchema,
};

const orderPlaced = z.object({
  ...fact,
  status: z.literal('PENDING'),
  ...order,
  total_minor: amountMinor,
  currency: currencyCode,
});

const orderCancelled = z.object({ ...fact, status: z.literal('CANCELLING') });

const payment = { amount_minor: amountMinor, currency: currencyCode };
const paymentProcessed = z.discriminatedUnion('status', [
  z.object({ ...fact, status: z.literal('COMPLETED'), ...payment, ...order }),
  z.object({ ...fact, status: z.literal('DECLINED'), ...payment, reason }),
  z.object({ ...fact, status: z.literal('REFUNDED'), ...payment, reason }),
]);

const inventoryUpdated = z.discriminatedUnion('status', [
  z.object({ ...fact, status: z.literal('RESERVED'), ...order }),
  z.object({ ...fact, status: z.literal('REJECTED'), reason, product_id: productIdSchema.optional() }),
  z.object({ ...fact, status: z.literal('RELEASED'), items }),
]);

const shipmentProcessed = z.discriminatedUnion('status', [
  z.object({
    ...fact,
    status: z.literal('SHIPPED'),
    shipment_id: z.uuid(),
    tracking_number: z.string().regex(/^TRK-[0-9A-F]{8}$/u),
    estimated_delivery: z.iso.datetime(),
  }),
  z.object({ ...fact, status: z.literal('CANCELLED') }),
]);

export const eventSchemas = {
  order_placed: orderPlaced,
  order_cancelled: orderCancelled,
  payment_processed: paymentProcessed,
  inventory_updated: inventoryUpdated,
  shipment_processed: shipmentProcessed,
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;

/** A fact about one order, as services exchange it. Everything else of the envelope is derived (see envelope.ts). */
export type EventOf<T extends EventType> = {
  readonly [K in T]: { readonly type: K; readonly data: EventData<K>; readonly traceparent?: string };
}[T];
export type PipelineEvent = EventOf<EventType>;

export const eventTypes = Object.keys(eventSchemas) as EventType[];
export const isEventType = (name: string): name is EventType => Object.hasOwn(eventSchemas, name);

/** What names a fact among those of its order: `<type>:<status>`. */
export const factOf = (event: PipelineEvent): string => `${event.type}:${event.data.status}`;
