import { describe, expect, test } from '@jest/globals';
import { everyService, type ServiceEntry } from '@order-pipeline/events';
import { awaitedStep } from './awaited-step.ts';
import { isEnd, orderStates, type Facts } from './order.ts';

const fact = { time: '2024-05-18T12:00:00Z', topic: 'shipment_processed' };
const shipmentCancelled: Facts = { 'shipment_processed:CANCELLED': fact };

describe('what an order waits for', () => {
  test.each([
    ['PENDING', {}, 'payment-service', 'order_placed'],
    ['PAID', {}, 'inventory-service', 'payment_processed'],
    ['RESERVED', {}, 'shipment-service', 'inventory_updated'],
    ['REFUNDING', {}, 'payment-service', 'inventory_updated'],
    ['CANCELLING', {}, 'shipment-service', 'order_cancelled'],
    ['CANCELLING', shipmentCancelled, 'payment-service', 'shipment_processed'],
  ] as const)('in %s, knowing %j, is that the %s works off %s', (status, facts, consumerGroup, topic) => {
    expect(awaitedStep({ status, facts })).toEqual({ consumerGroup, topic });
  });

  test.each(orderStates)('in %s is nothing at an end, else a topic that the group consumes', (status) => {
    const step = awaitedStep({ status, facts: {} });
    const entry = Object.values<ServiceEntry>(everyService).find((each) => each.consumerGroup === step?.consumerGroup);
    expect(step === undefined).toBe(isEnd(status));
    expect(step === undefined || entry?.consumes.includes(step.topic)).toBe(true);
  });
});
