export * from './asyncapi.ts';
export * from './envelope.ts';
export {
  customerIdSchema,
  decimalAmountSchema,
  maxItems,
  orderIdSchema,
  orderLineSchema,
  priceMinorSchema,
  productIdSchema,
  quantitySchema,
  shippingAddressSchema,
  type OrderLine,
} from './fields.ts';
export * from './money.ts';
export * from './received-event.ts';
export * from './registry.ts';
export * from './sample-events.ts';
export * from './schemas.ts';
export * from './topics.ts';
export * from './time.ts';
