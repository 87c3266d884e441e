/**
 * A payment: the calls of the gateway and their results. One pure function decides which call an event requires; another
 * decides, with the result of the call, what is true now.
 */
import type { EventOf, PipelineEvent } from '@order-pipeline/events';
import { currency as ourCurrency } from '@order-pipeline/events';
import type { Decision, Versioned } from '@order-pipeline/mongo';
import type { ChargeRequest, ChargeResult, VoidResult } from './payment-gateway.ts';

export type PaymentEvent = EventOf<'payment_processed'>;

export interface Payment extends Versioned {
  /** REFUNDING: the gateway refused the refund; an operator has to act. */
  readonly status: 'COMPLETED' | 'DECLINED' | 'REFUNDING' | 'REFUNDED';
  readonly amount_minor: number;
  readonly currency: string;
  readonly timestamp: string;
  readonly reason?: string;
  /** The outcome of order_placed. */
  readonly charged?: PaymentEvent;
  /** The outcome of the compensation: of a rejected reservation or a cancellation, whichever came first. */
  readonly compensated?: PaymentEvent;
}

export type Step =
  | { readonly call: 'charge'; readonly request: ChargeRequest; readonly event: EventOf<'order_placed'> }
  | { readonly call: 'void'; readonly reason: string; readonly event: PipelineEvent }
  | { readonly call: 'none'; readonly decision: Decision<Payment> };

const decided = (decision: Decision<Payment>): Step => ({ call: 'none', decision });
const ignored = (why: string): Step => decided({ outcome: 'ignored', why });

/** Most events of the consumed topics require neither charge nor compensation: for those no payment is read. */
export const movesMoney = ({ type, data: { status } }: PipelineEvent): boolean =>
  type === 'order_placed' ||
  (type === 'inventory_updated' && status === 'REJECTED') ||
  (type === 'shipment_processed' && status === 'CANCELLED');

/** The call that an event requires, given what is known about the payment. */
export function nextStep(payment: Payment | undefined, event: PipelineEvent): Step {
  if (event.type === 'order_placed') return chargeStep(payment, event);
  if (event.type === 'inventory_updated' && event.data.status === 'REJECTED') {
    return voidStep(payment, event, event.data.reason);
  }
  if (event.type === 'shipment_processed' && event.data.status === 'CANCELLED') {
    return voidStep(payment, event, 'ORDER_CANCELLED');
  }
  return ignored(`${event.type} ${event.data.status} moves no money`);
}

function chargeStep(payment: Payment | undefined, event: EventOf<'order_placed'>): Step {
  if (payment?.charged) return decided({ outcome: 'repeated', events: [payment.charged] });
  if (payment) return ignored('the order ended before it was charged');
  const { order_id: orderId, customer_id: customerId, total_minor: amountMinor, currency } = event.data;
  return { call: 'charge', request: { orderId, customerId, amountMinor, currency }, event };
}

function voidStep(payment: Payment | undefined, event: PipelineEvent, reason: string): Step {
  if (payment?.compensated) return decided({ outcome: 'repeated', events: [payment.compensated] });
  return { call: 'void', reason, event };
}

export function afterCharge(
  { data, traceparent }: EventOf<'order_placed'>,
  result: ChargeResult,
  now: Date,
): Decision<Payment> {
  const { order_id, customer_id, items, shipping_address, total_minor: amount_minor, currency } = data;
  const common = { order_id, timestamp: now.toISOString(), amount_minor, currency };
  const charged: PaymentEvent = {
    type: 'payment_processed',
    data:
      result.outcome === 'captured'
        ? { ...common, status: 'COMPLETED', customer_id, items, shipping_address }
        : { ...common, status: 'DECLINED', reason: result.reason },
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return {
    outcome: 'accepted',
    document: {
      _id: order_id,
      version: 0,
      status: charged.data.status,
      amount_minor,
      currency,
      timestamp: common.timestamp,
      ...(result.outcome === 'declined' ? { reason: result.reason } : {}),
      charged,
    },
    events: [charged],
  };
}

export function afterVoid(
  payment: Payment | undefined,
  { data, traceparent }: PipelineEvent,
  reason: string,
  result: VoidResult,
  now: Date,
): Decision<Payment> {
  const timestamp = now.toISOString();
  const known: Payment = payment ?? {
    _id: data.order_id,
    version: 0,
    status: 'DECLINED',
    amount_minor: result.outcome === 'nothing-charged' ? 0 : result.amountMinor,
    currency: ourCurrency,
    timestamp,
  };
  const end = (status: 'DECLINED' | 'REFUNDED', why: string): Decision<Payment> => {
    const { amount_minor, currency } = known;
    const compensated: PaymentEvent = {
      type: 'payment_processed',
      data: { order_id: data.order_id, timestamp, amount_minor, currency, status, reason: why },
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return {
      outcome: 'accepted',
      document: { ...known, status, timestamp, reason: why, compensated },
      events: [compensated],
    };
  };
  switch (result.outcome) {
    case 'refunded':
      return end('REFUNDED', reason);
    case 'refused':
      return {
        outcome: 'accepted',
        document: { ...known, status: 'REFUNDING', timestamp, reason: result.reason },
        events: [],
      };
    case 'nothing-charged':
      // A refused refund included: publishing the charge again would cause the same rejection without end.
      if (known.charged?.data.status === 'COMPLETED')
        throw new Error(`payment ${known._id} was charged, but the gateway knows no charge`);
      // A declined payment published DECLINED under the same id: the same fact is published again.
      if (known.charged) {
        return { outcome: 'accepted', document: { ...known, compensated: known.charged }, events: [known.charged] };
      }
      return end('DECLINED', reason);
  }
}
