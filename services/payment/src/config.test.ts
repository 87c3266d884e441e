import { expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '@order-pipeline/runtime';
import { settings } from './config.ts';

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(settings, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

test('reads an amount in the currency, and returns minor units', () => {
  expect(readConfig(settings, {}).PAYMENT_DECLINE_OVER).toBe(10_000_00);
  expect(readConfig(settings, { PAYMENT_DECLINE_OVER: '99.90' }).PAYMENT_DECLINE_OVER).toBe(99_90);
  expect(readConfig(settings, { PAYMENT_DECLINE_OVER: '0' }).PAYMENT_DECLINE_OVER).toBe(0);
});

test.each(['99.999', '-1', 'much', 'Infinity', '1e13'])('refuses the amount %s', (amount) => {
  expect(faultsOf({ PAYMENT_DECLINE_OVER: amount })).toEqual([
    `PAYMENT_DECLINE_OVER="${amount}": must be an amount with at most two decimals`,
  ]);
});

test('accepts a rate from 0 to 1', () => {
  expect(readConfig(settings, { PAYMENT_GATEWAY_FAILURE_RATE: '0.25' }).PAYMENT_GATEWAY_FAILURE_RATE).toBe(0.25);
  for (const rate of ['1.01', '-0.1', '50%']) {
    expect(faultsOf({ PAYMENT_GATEWAY_FAILURE_RATE: rate })).toHaveLength(1);
    expect(faultsOf({ PAYMENT_GATEWAY_LOST_ANSWER_RATE: rate })).toHaveLength(1);
  }
});
