/** Where an order stands and what it waits for, in sentences. Pure: what was collected goes in, text comes out. */
import { decimalFromMinor } from '@order-pipeline/events';
import { isCancellable } from '@order-pipeline/events/order-lifecycle';
import type { Known, Waiting } from './waiting.ts';

/** How far the awaited group has come. */
export interface GroupProgress {
  readonly members: number;
  /** Next offset that the group will work off in the order's partition; undefined where nothing was committed. */
  readonly next: bigint | undefined;
  /** Records that the group has before it: in the order's partition where that is known, else in the whole topic. */
  readonly lag: bigint;
}

export interface DeadLetteredStep {
  readonly id: string;
  readonly group: string;
  readonly topic: string;
  readonly since: Date;
  readonly error: string;
}

export interface Findings extends Known {
  readonly now: Date;
  readonly waiting: Waiting;
  /** Of the group that is waited for. */
  readonly progress?: GroupProgress | undefined;
  readonly deadLetters: readonly DeadLetteredStep[];
}

export function explain(findings: Findings): string[] {
  const { order, waiting, deadLetters } = findings;
  return [
    ...standing(findings),
    ...(waiting.on === 'nothing' ? ['It has ended and waits for nothing.'] : waits(findings)),
    ...deadLetters.flatMap((step) => deadLettered(findings, step)),
    ...(deadLetters.length > 0 && isCancellable(order.status)
      ? [`Cancelling it (POST /orders/${order._id}/cancel) ends it, too, unless the parcel has gone.`]
      : []),
  ];
}

function standing({ order, payment, reservation, shipment, now }: Findings): string[] {
  const amount = `${decimalFromMinor(order.total_minor).toFixed(2)} ${order.currency}`;
  const moved = order.updated_at > order.created_at ? `, since ${ago(order.updated_at, now)}` : '';
  const sentences = [
    `Order ${order._id} of ${order.customer_id} over ${amount} was placed ${ago(order.created_at, now)}.`,
    `It is ${order.status}${moved}${order.reason === undefined ? '' : `, because of ${order.reason}`}.`,
  ];
  const charge = payment?.charged?.data.status;
  if (payment?.status === 'REFUNDED') sentences.push(`${amount} were charged and refunded.`);
  else if (charge === 'COMPLETED') sentences.push(`${amount} were charged.`);
  else if (payment) sentences.push('Nothing was charged.');
  if (reservation?.status === 'RESERVED') sentences.push('Its stock is reserved.');
  if (reservation?.status === 'RELEASED') sentences.push('Its stock was reserved and put back.');
  if (shipment?.status === 'SHIPPED') sentences.push(`The parcel ${shipment.parcel?.tracking_number ?? ''} has gone.`);
  return sentences;
}

function waits({ waiting, progress, now, deadLetters }: Findings): string[] {
  switch (waiting.on) {
    case 'relay':
      return [
        `It waits for the ${waiting.service} service to publish ${waiting.fact}, which is stored since ${ago(waiting.since, now)}: ` +
          'is that service running, and Kafka?',
      ];
    case 'timer':
      return waiting.due > now
        ? [`It waits for its parcel, which goes in ${duration(waiting.due.getTime() - now.getTime())}.`]
        : [
            `It waits for its parcel, which was due ${ago(waiting.due, now)}: ` +
              'the timer of the shipment service should have sent it; is that service running?',
          ];
    case 'refused refund':
      return [
        `The gateway refused the refund for good (${waiting.reason}): somebody has to give the money back by hand, ` +
          'and nothing in the pipeline will move this order again.',
      ];
    case 'group':
      return groupWaits(waiting, progress, deadLetters);
    case 'nothing':
      return [];
  }
}

function groupWaits(
  { group, topic, place }: Extract<Waiting, { on: 'group' }>,
  progress: GroupProgress | undefined,
  deadLetters: readonly DeadLetteredStep[],
): string[] {
  const where =
    place.partition === undefined
      ? ''
      : ` (partition ${place.partition}${place.offset === undefined ? '' : `, offset ${place.offset}`})`;
  const sentences = [`It waits for ${group} to work off ${topic}${where}.`];
  if (!progress) return sentences;
  const { members, next, lag } = progress;
  if (members === 0) sentences.push(`${group} has no consumer running: start its service.`);
  const isPast = next !== undefined && place.offset !== undefined && next > BigInt(place.offset);
  if (isPast && deadLetters.some((step) => step.group === group && step.topic === topic)) {
    sentences.push(`${group} has gone past that record, because it could not work it off.`);
  } else if (isPast) {
    sentences.push(
      `${group} has gone past that record without a trace of it: npm run audit tells whether an effect is missing.`,
    );
  } else if (place.offset !== undefined && next !== undefined) {
    const ahead = BigInt(place.offset) - next;
    sentences.push(
      ahead === 0n
        ? `It is the next record that ${group} takes from there, the first of ${records(lag)}.`
        : `${records(ahead)} stand before it, and ${group} has ${records(lag)} to do there in all.`,
    );
  } else {
    sentences.push(`${group} has ${records(lag)} to do there.`);
  }
  return sentences;
}

function deadLettered({ now, order, waiting }: Findings, step: DeadLetteredStep): string[] {
  const { id, group, topic, since, error } = step;
  const sentence = `A step of it was dead-lettered ${ago(since, now)}: ${group} could not work off ${topic} (${error}).`;
  const isWaitedFor = waiting.on === 'group' && waiting.group === group && waiting.topic === topic;
  // Only what a cancellation waits for helps it: a step that it overtook would find that the order is cancelled.
  if ((order.status === 'CANCELLING' || order.status === 'CANCELLED') && !isWaitedFor) {
    return [
      sentence,
      `Its cancellation does not need that step: npm run dlq -- discard ${id} puts it away, ` +
        'and a redrive would charge and reserve nothing.',
    ];
  }
  return [sentence, `npm run dlq -- redrive ${id} tries that step again.`];
}

const records = (count: bigint): string => (count === 1n ? '1 record' : `${count} records`);

const unitsMs = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Rounded down to its largest unit, which is as exact as a sentence needs it. */
export function duration(ms: number): string {
  const [unit, unitMs] = unitsMs.find(([, each]) => ms >= each) ?? ['ms', 1];
  return `${Math.max(0, Math.floor(ms / unitMs))} ${unit}`;
}

const ago = (then: Date, now: Date): string => `${duration(now.getTime() - then.getTime())} ago`;
