/**
 * The fields that events have in common. Objects drop unknown fields when read, so a newer producer never stops an older
 * consumer; events gain optional fields only.
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

export const amountMinor = z.int().min(0).describe('Minor units of `currency`.');
export const currencyCode = z.string().length(3).describe('ISO 4217.');
export const reason = z.string().max(64).describe('Why, as a constant name.');

export const orderLineSchema = z.object({
  product_id: productIdSchema,
  quantity: quantitySchema,
  price_minor: priceMinorSchema,
});
export type OrderLine = z.infer<typeof orderLineSchema>;
export const items = z.array(orderLineSchema).min(1).max(maxItems);

/** What every event has, beside a `status` of its own. */
export const fact = {
  order_id: orderIdSchema,
  timestamp: z.iso.datetime().describe('When the fact became true: RFC 3339, UTC.'),
};

/** What the next services need of the order: no service calls another one to learn it. */
export const order = {
  customer_id: customerIdSchema,
  items,
  shipping_address: shippingAddressSchema,
};
