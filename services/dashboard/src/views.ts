/** The responses of the dashboard's API, described once for the server, the OpenAPI document and the page. */
import { z } from 'zod';

const decimal = z.number();
const time = z.iso.datetime();

/** A step in the live feed, with its time in milliseconds, because the page calculates with it. */
export interface FeedStep {
  readonly seq: number;
  readonly order_id: string;
  readonly type: string;
  readonly status: string;
  readonly time: number;
  readonly customer_id?: string;
  readonly shipping_address?: string;
  readonly pieces?: number;
  readonly total_minor?: number;
  readonly reason?: string;
  readonly product_id?: string;
}

export const productView = z
  .object({ product_id: z.string(), quantity: z.int(), price: decimal })
  .meta({ id: 'CatalogueProduct' });
export const catalogueView = z.object({ items: z.array(productView) }).meta({ id: 'Catalogue' });

export const orderView = z
  .object({
    order_id: z.uuid(),
    status: z.string(),
    created_at: time,
    customer_id: z.string(),
    items: z.array(z.object({ product_id: z.string(), quantity: z.int(), price: decimal })),
    shipping_address: z.string(),
    total_amount: decimal,
    reason: z.string().optional(),
  })
  .meta({ id: 'PlacedOrder' });

const stepView = z
  .object({
    seq: z.int().nullable().describe('null for a step that the dashboard no longer keeps, or has not consumed yet.'),
    type: z.string(),
    status: z.string(),
    time,
    seen_at: time.nullable().describe('When the dashboard consumed the event.'),
    partition: z.int().nullable(),
    offset: z.string().nullable(),
    event_id: z.string().nullable(),
    data: z.unknown().describe("The event's data."),
  })
  .meta({ id: 'OrderStep' });

export const paymentView = z.object({
  amount: decimal,
  status: z.string(),
  timestamp: time,
  reason: z.string().optional(),
});

export const shipmentView = z.object({
  shipment_id: z.string().nullable(),
  status: z.string(),
  tracking_number: z.string().nullable(),
  created_at: time,
  estimated_delivery: time.nullable(),
});

/** The response of another service: its document about the order, or why there is none. */
const bodyOrProblem = <T extends z.ZodType>(body: T) =>
  z.object({
    body: body.nullable(),
    problem: z.string().nullable().describe('Why the service did not respond; null when it did.'),
  });

export const orderPageView = z
  .object({
    order: bodyOrProblem(orderView),
    steps: z.array(stepView),
    payment: bodyOrProblem(paymentView),
    shipment: bodyOrProblem(shipmentView),
    trace: z.object({ trace_id: z.string(), url: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'OrderPage' });

const partitionView = z.object({
  partition: z.int(),
  owner: z.string().nullable().describe('The id of the member that reads it; null while none does.'),
  committed: z
    .string()
    .nullable()
    .describe('The committed offset, which is the next that the group reads; null without a commit.'),
  end: z.string(),
  lag: z.int(),
  lag_seconds: z
    .number()
    .nullable()
    .describe('Age of the oldest event that the group has not processed; null when the dashboard does not know it.'),
});

const groupView = z.object({
  group: z.string(),
  state: z.string().describe('As Kafka reports it: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead.'),
  members: z.array(z.object({ id: z.string(), client: z.string(), host: z.string() })),
  topics: z.array(z.object({ topic: z.string(), partitions: z.array(partitionView) })),
  lag: z.int(),
  lag_seconds: z.number().nullable(),
  replicas: z
    .object({
      wanted: z.int().nullable().describe('Desired replicas.'),
      had: z.int().nullable().describe('Actual replicas.'),
      reason: z.string().nullable().describe("The reason of the scaler's last decision."),
      message: z.string().nullable().describe('The reason as a sentence.'),
    })
    .nullable()
    .describe(
      "The status of the group's ConsumerScaler, each field null before its first reconciliation; null without one.",
    ),
});

const rebalanceView = z.object({
  at: time,
  group: z.string(),
  state: z.string(),
  members_before: z.int(),
  members: z.int(),
  moved: z.int().describe('Partitions that another member reads than before.'),
});

export const partitionsView = z
  .object({
    groups: z.array(groupView),
    rebalances: z.array(rebalanceView).describe('Newest first.'),
    replicas_problem: z
      .string()
      .nullable()
      .describe('Why the ConsumerScalers could not be read; null when they could.'),
  })
  .meta({ id: 'Partitions' });

const healthItemView = z.object({
  name: z.string(),
  status: z.enum(['up', 'degraded', 'down', 'off']),
  summary: z.string(),
  facts: z.array(
    z.object({ name: z.string(), value: z.string(), status: z.enum(['up', 'degraded', 'down']).optional() }),
  ),
});
export const overviewView = z.object({ items: z.array(healthItemView) }).meta({ id: 'Overview' });

const readableBytes = z
  .union([z.object({ text: z.string() }), z.object({ base64: z.string() })])
  .nullable()
  .describe('Text where the bytes are UTF-8.');

const deadLetterView = z
  .object({
    id: z.string().describe('<group>/<partition>/<offset> in the dead-letter queue.'),
    group: z.string(),
    key: z.string().nullable(),
    original_topic: z.string().nullable(),
    original_partition: z.int().nullable(),
    original_offset: z.string().nullable(),
    dead_lettered_at: time,
    attempts: z.int().nullable(),
    error_kind: z.string().nullable(),
    error_class: z.string().nullable(),
    error_message: z.string().nullable(),
    resolution: z.object({ action: z.enum(['redriven', 'discarded']), time: z.string(), by: z.string() }).nullable(),
  })
  .meta({ id: 'DeadLetter' });

export const deadLettersView = z
  .object({
    items: z.array(deadLetterView).describe('Newest first.'),
    more: z.int().describe('Number of older ones that are not listed.'),
  })
  .meta({ id: 'DeadLetters' });

export const deadLetterDetailsView = deadLetterView
  .extend({ headers: z.record(z.string(), z.array(readableBytes)), record_key: readableBytes, value: readableBytes })
  .meta({ id: 'DeadLetterDetails' });

const resolutionOutcomeView = z.object({
  id: z.string(),
  outcome: z.enum(['redriven', 'discarded', 'unchanged', 'refused', 'not found']),
  detail: z.string(),
});
export const resolutionsView = z
  .object({ dry_run: z.boolean(), outcomes: z.array(resolutionOutcomeView) })
  .meta({ id: 'Resolutions' });

export const aboutView = z
  .object({ operator_token: z.boolean().describe('Whether the dead letters require the operator token.') })
  .meta({ id: 'About' });

export type Product = z.output<typeof productView>;
export type Catalogue = z.output<typeof catalogueView>;
export type PlacedOrder = z.output<typeof orderView>;
export type OrderStep = z.output<typeof stepView>;
export type OrderPage = z.output<typeof orderPageView>;
export type PartitionView = z.output<typeof partitionView>;
export type GroupView = z.output<typeof groupView>;
export type RebalanceView = z.output<typeof rebalanceView>;
export type Partitions = z.output<typeof partitionsView>;
export type HealthItem = z.output<typeof healthItemView>;
export type Overview = z.output<typeof overviewView>;
export type DeadLetter = z.output<typeof deadLetterView>;
export type DeadLetters = z.output<typeof deadLettersView>;
export type DeadLetterDetails = z.output<typeof deadLetterDetailsView>;
export type ResolutionOutcome = z.output<typeof resolutionOutcomeView>;
export type Resolutions = z.output<typeof resolutionsView>;
