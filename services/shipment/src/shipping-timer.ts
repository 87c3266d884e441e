/**
 * The durable timer of parcels: what is due is stored in the database, so it survives restarts, and any replica may ship
 * it. The first replica wins; the new state and its event are one write.
 */
import { PeriodicTask, type Logger } from '@order-pipeline/resilience';
import type { Relay } from '@order-pipeline/outbox';
import { shipFromTimer } from './shipment.ts';
import type { ShipmentRepository } from './shipment-repository.ts';

export interface ShippingTimerOptions {
  readonly repository: Pick<ShipmentRepository, 'findDue' | 'store'>;
  readonly relay: Pick<Relay, 'push'>;
  readonly logger: Logger;
  readonly pollMs: number;
}

const maxBatch = 500;

export function createShippingTimer({ repository, relay, logger, pollMs }: ShippingTimerOptions): PeriodicTask {
  return new PeriodicTask({
    name: 'shipping timer',
    everyMs: pollMs,
    logger,
    async run() {
      const now = new Date();
      const due = await repository.findDue(now, maxBatch);
      if (due.length === 0) return false;
      const shipped = due.map((before) => ({ before, ...shipFromTimer(before, now) }));
      const conflicts = await repository.store.save(
        shipped.map(({ before, shipment }) => ({ before, after: shipment })),
      );
      relay.push(shipped.filter(({ shipment }) => !conflicts.has(shipment._id)).map(({ event }) => event));
      return due.length === maxBatch;
    },
  });
}
