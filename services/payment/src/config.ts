import { z } from 'zod';
import { minorFromDecimal, services } from '@order-pipeline/events';
import { pipelineSettings, simulatedWorkSettings } from '@order-pipeline/service';
import { decimal, durationMs, port, setting } from '@order-pipeline/runtime';

const rate = (description: string) => decimal({ min: 0, max: 1, default: 0 }).describe(description);
const prefix = (fallback: string, description: string) =>
  setting('1 to 100 characters', (text) => (text.length <= 100 ? text : undefined), fallback).describe(description);

export const settings = z.object({
  ...pipelineSettings,
  PORT: port(services.payment.port).describe('TCP port of the HTTP server; 0 takes a free one'),
  PAYMENT_GATEWAY_LATENCY_MS: durationMs({ max: 60_000, default: 0 }).describe(
    'Milliseconds that the simulated gateway takes for a call',
  ),
  PAYMENT_DECLINE_OVER: setting(
    'an amount with at most two decimals',
    (text) => minorFromDecimal(Number(text)),
    1_000_000,
  ).meta({
    description: 'Amount, in the currency, above which the simulated gateway declines',
    defaultText: '10000.00',
  }),
  PAYMENT_DECLINE_CUSTOMER_PREFIX: prefix('DECLINE', 'Customers whose id starts with it are declined'),
  PAYMENT_REFUSE_REFUND_CUSTOMER_PREFIX: prefix('NOREFUND', 'Customers whose id starts with it are never refunded'),
  PAYMENT_GATEWAY_FAILURE_RATE: rate('Share of gateway calls, 0 to 1, that fail before money moves'),
  PAYMENT_GATEWAY_LOST_ANSWER_RATE: rate('Share of gateway calls, 0 to 1, that time out after money moved'),
  ...simulatedWorkSettings('PAYMENT'),
});

export type PaymentConfig = z.output<typeof settings>;
