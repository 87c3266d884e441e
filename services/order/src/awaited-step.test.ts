import { describe, expect, test } from '@jest/globals';
import { everyService, services, type ServiceEntry } from '@order-pipeline/events';
import { awaitedStep, ownOutbox } from './awaited-step.ts';
import { isEnd, orderStates, type Facts } from './order.ts';

const fact = { time: '2024-05-18T12:00:00Z', topic: 'shipment_processed' };
const shipmentCancelled: Facts = { 'shipment_processed:CANCELLED': fact };

describe('what an order waits for', () => {
  test.each([
    ['PENDING', {}, 'payment-service', 'order_placed', 'payment_processed'],
    ['PAID', {}, 'inventory-service', 'payment_processed', 'inventory_updated'],
    ['RESERVED', {}, 'shipment-service', 'inventory_updated', 'shipment_processed'],
    ['REFUNDING', {}, 'payment-service', 'inventory_updated', 'payment_processed'],
    ['CANCELLING', {}, 'shipment-service', 'order_cancelled', 'shipment_processed'],
    ['CANCELLING', shipmentCancelled, 'payment-service', 'shipment_processed', 'payment_processed'],
  ] as const)(
    'in %s, knowing %j, is that the %s works off %s and says so in %s',
    (status, facts, consumerGroup, topic, answeredOn) => {
      expect(awaitedStep({ status, facts })).toEqual({ consumerGroup, topic, answeredOn });
      expect(services.order.consumes).toContain(answeredOn);
    },
  );

  test.each([
    ['PENDING', 'order_placed:PENDING', 'order_placed'],
    ['CANCELLING', 'order_cancelled:CANCELLING', 'order_cancelled'],
  ] as const)('in %s is our own outbox while %s is in it', (status, fact, topic) => {
    expect(awaitedStep({ status, facts: {}, outbox: [{ fact }] })).toMatchObject({ consumerGroup: ownOutbox, topic });
  });

  test('is a group when the outbox holds another event, which it does not wait for', () => {
    const outbox = [{ fact: 'order_cancelled:CANCELLING' }];
    expect(awaitedStep({ status: 'CANCELLING', facts: shipmentCancelled, outbox })?.consumerGroup).toBe(
      'payment-service',
    );
  });

  test.each(orderStates)('in %s is nothing at an end, else a topic that the group consumes', (status) => {
    const step = awaitedStep({ status, facts: {} });
    const entry = Object.values<ServiceEntry>(everyService).find((each) => each.consumerGroup === step?.consumerGroup);
    expect(step === undefined).toBe(isEnd(status));
    expect(step === undefined || entry?.consumes.includes(step.topic)).toBe(true);
  });
});
