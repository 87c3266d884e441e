/** How a consumer is, from what is observed of it. */
import type { MembershipState } from './group-membership.ts';

export interface ConsumerHealth {
  readonly status: 'starting' | 'up' | 'degraded' | 'down';
  readonly detail?: string;
}

export interface ConsumerObservation {
  readonly consumerGroup: string;
  readonly fatal: Error | undefined;
  readonly membership: MembershipState;
  readonly outage: Error | undefined;
  /** Since the last fetch, heartbeat or other sign of life. */
  readonly silentMs: number;
}

/** An idle member fetches four times a second, a busy one sends a heartbeat each second. */
const silenceBeforeDegradedMs = 5_000;
const silenceBeforeDeadMs = 120_000;

export function healthOf({ consumerGroup, fatal, membership, outage, silentMs }: ConsumerObservation): ConsumerHealth {
  if (fatal) return { status: 'down', detail: fatal.message };
  if (membership === 'never joined') {
    return { status: 'starting', detail: `joining the consumer group ${consumerGroup}` };
  }
  if (outage) return { status: 'degraded', detail: outage.message };
  if (membership === 'disconnected') return { status: 'degraded', detail: 'Kafka is unreachable' };
  return silentMs > silenceBeforeDegradedMs
    ? { status: 'degraded', detail: 'Kafka does not respond' }
    : { status: 'up' };
}

/** False when nothing has moved for so long, fetches and heartbeats included, that only a restart can help. */
export const isAlive = ({ fatal, silentMs }: Pick<ConsumerObservation, 'fatal' | 'silentMs'>): boolean =>
  fatal === undefined && silentMs < silenceBeforeDeadMs;
