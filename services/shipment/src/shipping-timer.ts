/**
 * The durable timer: what is due stands in the database, so it survives restarts, and any replica may ring. Who rings
 * first wins; the state and its event are one write.
 */
import { isOutage, wait, type Logger } from '@order-pipeline/resilience';
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

export function createShippingTimer({ repository, relay, logger, pollMs }: ShippingTimerOptions) {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  /** Answers whether more may be due at once. */
  const ring = async (): Promise<boolean> => {
    const due = await repository.findDue(new Date(), maxBatch);
    if (due.length === 0) return false;
    const now = new Date();
    const shipped = due.map((before) => ({ before, ...shipFromTimer(before, now) }));
    const lost = await repository.store.save(shipped.map(({ before, shipment }) => ({ before, after: shipment })));
    relay.push(shipped.filter(({ shipment }) => !lost.has(shipment._id)).map(({ event }) => event));
    return due.length === maxBatch;
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const more = await ring().catch((error: unknown) => {
        if (isOutage(error)) logger.debug({ err: error }, 'cannot look for due parcels now');
        else logger.error({ err: error }, 'the shipping timer failed, trying on');
        return false;
      });
      if (!more) await wait(pollMs, stopping.signal).catch(() => undefined);
    }
  };

  return {
    name: 'shipping timer',
    start: (): void => void (running = run()),
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
