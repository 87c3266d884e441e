/** What the dashboard's API answers: the one description of it for the server, the OpenAPI document and the page. */
import { z } from 'zod';

const decimal = z.number();
const time = z.iso.datetime();

/** A step as the live feed tells it: times as milliseconds, because the page reckons with them. */
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

export const stepView = z
  .object({
    seq: z.int().nullable().describe('null for a step that the dashboard no longer keeps, or has not seen yet.'),
    type: z.string(),
    status: z.string(),
    time,
    seen_at: time.nullable().describe('When the dashboard learnt of it.'),
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

/** What another service says about the order: its own document, or why there is none. */
const asked = <T extends z.ZodType>(body: T) =>
  z.object({
    body: body.nullable(),
    problem: z.string().nullable().describe('A sentence when it could not be asked.'),
  });

export const orderPageView = z
  .object({
    order: asked(orderView),
    steps: z.array(stepView),
    payment: asked(paymentView),
    shipment: asked(shipmentView),
    trace: z.object({ trace_id: z.string(), url: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'OrderPage' });

export const partitionView = z.object({
  partition: z.int(),
  owner: z.string().nullable().describe("The member's id; null while nobody reads it."),
  committed: z.string().nullable().describe('The next offset that the group will read; null when it never committed.'),
  end: z.string(),
  lag: z.int(),
  lag_seconds: z
    .number()
    .nullable()
    .describe('Age of the oldest event that the group has not worked off; null when the dashboard does not know it.'),
});

export const groupView = z.object({
  group: z.string(),
  state: z.string().describe("Kafka's word: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead."),
  members: z.array(z.object({ id: z.string(), client: z.string(), host: z.string() })),
  topics: z.array(z.object({ topic: z.string(), partitions: z.array(partitionView) })),
  lag: z.int(),
  lag_seconds: z.number().nullable(),
  replicas: z
    .object({
      wanted: z.int().nullable(),
      had: z.int().nullable(),
      reason: z.string().nullable().describe("The scaler's word for why."),
      message: z.string().nullable().describe('The same in a sentence.'),
    })
    .nullable()
    .describe('What the last look of its scaler came to, each null before the first; null where no scaler has it.'),
});

export const rebalanceView = z.object({
  at: time,
  group: z.string(),
  state: z.string(),
  members_before: z.int(),
  members: z.int(),
  moved: z.int().describe('Partitions that have another owner than before.'),
});

export const partitionsView = z
  .object({
    groups: z.array(groupView),
    rebalances: z.array(rebalanceView).describe('Newest first.'),
    replicas_problem: z.string().nullable().describe('A sentence when the scaler’s resources could not be read.'),
  })
  .meta({ id: 'Partitions' });

export const healthItemView = z.object({
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

export const deadLetterView = z
  .object({
    id: z.string().describe('<group>/<partition>/<offset> in its queue.'),
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
    more: z.int().describe('How many there are beyond these.'),
  })
  .meta({ id: 'DeadLetters' });

export const deadLetterDetailsView = deadLetterView
  .extend({ headers: z.record(z.string(), z.array(readableBytes)), record_key: readableBytes, value: readableBytes })
  .meta({ id: 'DeadLetterDetails' });

export const resolutionOutcomeView = z.object({
  id: z.string(),
  outcome: z.enum(['redriven', 'discarded', 'unchanged', 'refused', 'not found']),
  detail: z.string(),
});
export const resolutionsView = z
  .object({ dry_run: z.boolean(), outcomes: z.array(resolutionOutcomeView) })
  .meta({ id: 'Resolutions' });

export const aboutView = z
  .object({ operator_token: z.boolean().describe("Whether the dead letters ask for an operator's token.") })
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
export type About = z.output<typeof aboutView>;
export type DeadLetter = z.output<typeof deadLetterView>;
export type DeadLetters = z.output<typeof deadLettersView>;
export type DeadLetterDetails = z.output<typeof deadLetterDetailsView>;
export type ResolutionOutcome = z.output<typeof resolutionOutcomeView>;
export type Resolutions = z.output<typeof resolutionsView>;
