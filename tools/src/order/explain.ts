/** Explains in sentences which state an order is in and what it waits for. Pure. */
import { decimalFromMinor } from '@order-pipeline/events';
import { isCancellable } from '@order-pipeline/events/order-lifecycle';
import { duration } from '../duration.ts';
import type { OrderDocuments } from './order-documents.ts';
import type { Waiting } from './waiting.ts';

export interface GroupProgress {
  readonly members: number;
  /** The group's committed offset in the order's partition; undefined where nothing was committed. */
  readonly nextOffset: bigint | undefined;
  /** The group's lag: in the order's partition where that is known, else in the whole topic. */
  readonly lag: bigint;
}

export interface DeadLetteredStep {
  readonly id: string;
  readonly group: string;
  readonly topic: string;
  readonly since: Date;
  readonly error: string;
}

export interface Findings extends OrderDocuments {
  readonly now: Date;
  readonly waiting: Waiting;
  /** Of the group that the order waits for. */
  readonly progress?: GroupProgress | undefined;
  readonly deadLetters: readonly DeadLetteredStep[];
}

export function explain(findings: Findings): string[] {
  const { order, waiting, deadLetters } = findings;
  return [
    ...stateSentences(findings),
    ...(waiting.on === 'nothing' ? ['It is in a final state and waits for nothing.'] : waitingSentences(findings)),
    ...deadLetters.flatMap((step) => deadLetterSentences(findings, step)),
    ...(deadLetters.length > 0 && isCancellable(order.status)
      ? [`Cancelling the order (POST /orders/${order._id}/cancel) ends it as well, unless the parcel has been shipped.`]
      : []),
  ];
}

function stateSentences({ order, payment, reservation, shipment, now }: Findings): string[] {
  const total = `${decimalFromMinor(order.total_minor).toFixed(2)} ${order.currency}`;
  const since = order.updated_at > order.created_at ? ` (for ${elapsed(order.updated_at, now)})` : '';
  const reason = order.reason === undefined ? '' : `, reason ${order.reason}`;
  const sentences = [
    `Order ${order._id} of ${order.customer_id}, total ${total}, was placed ${elapsed(order.created_at, now)} ago.`,
    `It is ${order.status}${since}${reason}.`,
  ];
  const charge = payment?.charged?.data.status;
  if (payment?.status === 'REFUNDED') sentences.push(`${total} were charged and refunded.`);
  else if (charge === 'COMPLETED') sentences.push(`${total} were charged.`);
  else if (payment) sentences.push('Nothing was charged.');
  if (reservation?.status === 'RESERVED') sentences.push('Its stock is reserved.');
  if (reservation?.status === 'RELEASED') sentences.push('Its stock was reserved and released.');
  if (shipment?.status === 'SHIPPED') {
    sentences.push(`The parcel ${shipment.parcel?.tracking_number ?? ''} has been shipped.`);
  }
  return sentences;
}

function waitingSentences({ waiting, progress, now, deadLetters }: Findings): string[] {
  switch (waiting.on) {
    case 'relay':
      return [
        `It waits for the ${waiting.service} service to publish ${waiting.fact}, which has been in the outbox for ` +
          `${elapsed(waiting.since, now)}: are that service and Kafka running?`,
      ];
    case 'timer':
      return waiting.due > now
        ? [`It waits for its parcel, which is due in ${elapsed(now, waiting.due)}.`]
        : [
            `It waits for its parcel, which was due ${elapsed(waiting.due, now)} ago: ` +
              'the timer of the shipment service should have shipped it; is that service running?',
          ];
    case 'refused refund':
      return [
        `The gateway refused the refund permanently (${waiting.reason}): an operator has to refund the customer by hand, ` +
          'and the pipeline does not change this order any more.',
      ];
    case 'group':
      return groupSentences(waiting, progress, deadLetters);
    case 'nothing':
      return [];
  }
}

function groupSentences(
  waiting: Extract<Waiting, { on: 'group' }>,
  progress: GroupProgress | undefined,
  deadLetters: readonly DeadLetteredStep[],
): string[] {
  const { group, topic, position } = waiting;
  const offset = position.offset === undefined ? '' : `, offset ${position.offset}`;
  const where = position.partition === undefined ? '' : ` (partition ${position.partition}${offset})`;
  const sentences = [`It waits for ${group} to process ${topic}${where}.`];
  if (!progress) return sentences;
  if (progress.members === 0) sentences.push(`${group} has no consumer running: start its service.`);
  const isDeadLettered = deadLetters.some((step) => step.group === group && step.topic === topic);
  return [...sentences, progressSentence(waiting, progress, isDeadLettered)];
}

function progressSentence(
  { group, position: { offset } }: Extract<Waiting, { on: 'group' }>,
  { nextOffset, lag }: GroupProgress,
  isDeadLettered: boolean,
): string {
  if (offset === undefined || nextOffset === undefined) return `The lag of ${group} there is ${records(lag)}.`;
  const ahead = BigInt(offset) - nextOffset;
  if (ahead > 0n) return `${records(ahead)} are before it; the lag of ${group} there is ${records(lag)}.`;
  if (ahead === 0n) return `It is the next record for ${group}, whose lag there is ${records(lag)}.`;
  if (isDeadLettered) return `${group} has committed past that record, because it could not process it.`;
  return `${group} has committed past that record and stored nothing: npm run audit reports missing effects.`;
}

function deadLetterSentences({ now, order, waiting }: Findings, step: DeadLetteredStep): string[] {
  const { id, group, topic, since, error } = step;
  const sentence = `A step of it was dead-lettered ${elapsed(since, now)} ago: ${group} could not process ${topic} (${error}).`;
  const isAwaited = waiting.on === 'group' && waiting.group === group && waiting.topic === topic;
  // In a cancellation, only a step that it waits for helps: any other would find that the order is cancelled.
  if ((order.status === 'CANCELLING' || order.status === 'CANCELLED') && !isAwaited) {
    return [
      sentence,
      `The cancellation does not need that step: discard it with npm run dlq -- discard ${id}; ` +
        'a redrive would charge and reserve nothing.',
    ];
  }
  return [sentence, `npm run dlq -- redrive ${id} retries that step.`];
}

function records(count: bigint): string {
  return count === 1n ? '1 record' : `${count} records`;
}

function elapsed(from: Date, to: Date): string {
  return duration(to.getTime() - from.getTime());
}
