import { deadLetterRules } from './dead-letter-rules.ts';
import { eventRules } from './event-rules.ts';
import { moneyRules } from './money-rules.ts';
import { orderRules } from './order-rules.ts';
import type { Rule } from './rule.ts';
import { shipmentRules } from './shipment-rules.ts';
import { stockRules } from './stock-rules.ts';

/** The consistency rules of the pipeline. */
export const rules: readonly Rule[] = [
  ...orderRules,
  ...moneyRules,
  ...stockRules,
  ...shipmentRules,
  ...eventRules,
  ...deadLetterRules,
];
