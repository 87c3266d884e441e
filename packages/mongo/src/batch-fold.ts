/**
 * Decisions are per order, everything around them is per chunk: one load, a fold of the messages over the documents in
 * the order they came, one write. Races that were lost are decided again, and nothing is published for a losing decision.
 */
import { eventId, type PipelineEvent } from '@order-pipeline/events';
import { type ReceivedEvent } from '@order-pipeline/events';
import { backoffMs, OutageError, wait } from '@order-pipeline/resilience';
import type { Change, DocumentStore, Versioned } from './versioned-documents.ts';

/** What one message means for one document. */
export type Decision<Doc> =
  /** It changed the document, and these events follow. */
  | { readonly outcome: 'accepted'; readonly document: Doc; readonly events: readonly PipelineEvent[] }
  /** It was known already: exactly the events that it caused then are told again. */
  | { readonly outcome: 'repeated'; readonly events: readonly PipelineEvent[] }
  /** It has no bearing on this service. */
  | { readonly outcome: 'ignored'; readonly why: string };

export type Decide<Doc> = (
  document: Doc | undefined,
  received: ReceivedEvent,
) => Decision<Doc> | Promise<Decision<Doc>>;

export interface FoldOptions<Doc extends Versioned> {
  readonly store: DocumentStore<Doc>;
  readonly decide: Decide<Doc>;
  /** Told of each change that was written, after it is durable. */
  readonly onSaved?: (changes: readonly Change<Doc>[]) => void;
}

interface Folded<Doc extends Versioned> {
  readonly id: string;
  readonly before: Doc | undefined;
  readonly after: Doc | undefined;
  readonly events: readonly PipelineEvent[];
}

const maxRaces = 20;
const raceBackoff = { firstMs: 2, maxMs: 100 };

/** Answers the events that follow from the chunk, each once. */
export async function foldBatch<Doc extends Versioned>(
  chunk: readonly ReceivedEvent[],
  { store, decide, onSaved }: FoldOptions<Doc>,
): Promise<PipelineEvent[]> {
  let open = Map.groupBy(chunk, ({ event }) => event.data.order_id);
  const outcomes = new Map<string, PipelineEvent>();
  for (let attempt = 0; open.size > 0; attempt += 1) {
    if (attempt === maxRaces) {
      throw new OutageError('mongodb', new Error(`lost the race for ${open.size} documents ${maxRaces} times`));
    }
    if (attempt > 0) await wait(backoffMs(raceBackoff, attempt));
    const documents = await store.load([...open.keys()]);
    const folded = await Promise.all(
      [...open].map(([id, messages]) => foldOne(id, documents.get(id), messages, decide)),
    );
    const changes = folded.flatMap(({ before, after }) => (after && after !== before ? [{ before, after }] : []));
    const lost = changes.length > 0 ? await store.save(changes) : new Set<string>();
    onSaved?.(changes.filter(({ after }) => !lost.has(after._id)));
    for (const { id, events } of folded) {
      if (!lost.has(id)) for (const event of events) outcomes.set(eventId(event), event);
    }
    open = new Map([...open].filter(([id]) => lost.has(id)));
  }
  return [...outcomes.values()];
}

async function foldOne<Doc extends Versioned>(
  id: string,
  before: Doc | undefined,
  messages: readonly ReceivedEvent[],
  decide: Decide<Doc>,
): Promise<Folded<Doc>> {
  let after = before;
  const events: PipelineEvent[] = [];
  for (const message of messages) {
    const decision = await decide(after, message);
    if (decision.outcome === 'accepted') after = decision.document;
    if (decision.outcome !== 'ignored') events.push(...decision.events);
  }
  return { id, before, after, events };
}
