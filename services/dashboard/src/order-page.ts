/** One order, from the responses of all services and the dashboard's own steps. */
import { z } from 'zod';
import { factOfTimelineState, inTimelineOrder, type Fact } from '@order-pipeline/events/order-lifecycle';
import { isHttpProblem } from '@order-pipeline/http';
import { traceIdOf } from '@order-pipeline/tracing';
import type { ServiceClients } from './service-client.ts';
import type { Step } from './step.ts';
import type { StepRepository } from './step-repository.ts';
import { orderView, paymentView, shipmentView, type OrderPage, type OrderStep } from './views.ts';

interface Sources {
  readonly clients: ServiceClients;
  readonly repository: Pick<StepRepository, 'ofOrder'>;
  readonly traceUrl: string | undefined;
}

const timelineView = z.object({
  steps: z.array(
    z.object({
      state: z.string(),
      time: z.string(),
      topic: z.string(),
      partition: z.int().nullable(),
      offset: z.string().nullable(),
    }),
  ),
});
type Timeline = z.output<typeof timelineView>;

/** Undefined when neither the order service nor the dashboard knows the order. */
export async function orderPage(orderId: string, sources: Sources): Promise<OrderPage | undefined> {
  const { clients, repository, traceUrl } = sources;
  const [order, timeline, payment, shipment, steps] = await Promise.all([
    bodyOrProblem(clients.order(`/orders/${orderId}`, orderView)),
    bodyOrProblem(clients.order(`/orders/${orderId}/timeline`, timelineView)),
    bodyOrProblem(clients.payment(`/payments/${orderId}`, paymentView)),
    bodyOrProblem(clients.shipment(`/shipments/${orderId}`, shipmentView)),
    repository.ofOrder(orderId),
  ]);
  if (order.body === null && order.problem === null && steps.length === 0) return undefined;
  const traceId = traceIdOf(steps.find(({ traceparent }) => traceparent !== undefined)?.traceparent);
  return {
    order,
    payment,
    shipment,
    steps: stepsOf(steps, timeline.body?.steps ?? []),
    trace: traceId === undefined ? null : { trace_id: traceId, url: traceUrl?.replace('{trace_id}', traceId) ?? null },
  };
}

/** An unavailable service leaves a gap with its reason; the page still shows what the others respond. */
async function bodyOrProblem<Body>(
  response: Promise<Body>,
): Promise<{ readonly body: Body | null; readonly problem: string | null }> {
  try {
    return { body: await response, problem: null };
  } catch (error) {
    if (!isHttpProblem(error)) throw error;
    const { status, detail } = error;
    return { body: null, problem: status === 404 ? null : detail };
  }
}

const statusOfFact = (fact: Fact | undefined): string | undefined => fact?.slice(fact.indexOf(':') + 1);

const factName = ({ type, status }: OrderStep): string => `${type}:${status}`;

const ownStep = (step: Step): OrderStep => ({
  seq: step.seq,
  type: step.type,
  status: step.data.status,
  time: step.time.toISOString(),
  seen_at: step.seen_at.toISOString(),
  partition: step.partition,
  offset: String(step.offset),
  event_id: step._id,
  data: step.data,
});

const timelineStep = ({ state, time, topic, partition, offset }: Timeline['steps'][number]): OrderStep => ({
  seq: null,
  type: topic,
  status: statusOfFact(factOfTimelineState(state)) ?? state,
  time,
  seen_at: null,
  partition,
  offset,
  event_id: null,
  data: null,
});

/** The steps that the dashboard keeps, and those that only the order service still knows, in timeline order. */
export function stepsOf(kept: readonly Step[], timeline: Timeline['steps']): OrderStep[] {
  const own = kept.map(ownStep);
  const known = new Set(own.map(factName));
  const others = timeline.map(timelineStep).filter((step) => !known.has(factName(step)));
  return inTimelineOrder([...own, ...others], (step) => ({ fact: factName(step), timeMs: Date.parse(step.time) }));
}
