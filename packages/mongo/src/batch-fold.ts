/**
 * Decisions are per order, everything around them is per batch: one load, a fold of the events over the documents in
 * offset order, one write. After a conflict the documents are read and decided again, and nothing is published for a
 * losing decision.
 */
import { eventId, type PipelineEvent, type ReceivedEvent } from '@order-pipeline/events';
import { backoffMs, OutageError, wait } from '@order-pipeline/resilience';
import type { Change, DocumentStore, Versioned } from './versioned-documents.ts';

/** What one event means for one document. */
export type Decision<Doc> =
  /** It changed the document, and these events follow. */
  | { readonly outcome: 'accepted'; readonly document: Doc; readonly events: readonly PipelineEvent[] }
  /** It was known already: exactly the events that it caused are published again. */
  | { readonly outcome: 'repeated'; readonly events: readonly PipelineEvent[] }
  /** This service has nothing to do for it. */
  | { readonly outcome: 'ignored'; readonly why: string };

export type Decide<Doc> = (
  document: Doc | undefined,
  received: ReceivedEvent,
) => Decision<Doc> | Promise<Decision<Doc>>;

export interface FoldOptions<Doc extends Versioned> {
  readonly store: DocumentStore<Doc>;
  readonly decide: Decide<Doc>;
  /** Called with the changes that were written, after they are durable. */
  readonly onSaved?: (changes: readonly Change<Doc>[]) => void;
}

interface Folded<Doc extends Versioned> {
  readonly id: string;
  readonly before: Doc | undefined;
  readonly after: Doc | undefined;
  readonly events: readonly PipelineEvent[];
}

const maxAttempts = 20;
const conflictBackoff = { firstMs: 2, maxMs: 100 };

/** Returns the events that follow from the batch, each once. */
export async function foldBatch<Doc extends Versioned>(
  batch: readonly ReceivedEvent[],
  { store, decide, onSaved }: FoldOptions<Doc>,
): Promise<PipelineEvent[]> {
  const outcomes = new Map<string, PipelineEvent>();
  let open = Map.groupBy(batch, ({ event }) => event.data.order_id);
  for (let attempt = 0; open.size > 0; attempt += 1) {
    if (attempt === maxAttempts) {
      throw new OutageError('mongodb', `${maxAttempts} conflicts in a row over ${open.size} documents`);
    }
    if (attempt > 0) await wait(backoffMs(conflictBackoff, attempt));
    const documents = await store.load([...open.keys()]);
    const folded = await Promise.all([...open].map(([id, events]) => foldOne(id, documents.get(id), events, decide)));
    const changes = folded.flatMap(({ before, after }) => (after && after !== before ? [{ before, after }] : []));
    const conflicts = changes.length > 0 ? await store.save(changes) : new Set<string>();
    onSaved?.(changes.filter(({ after }) => !conflicts.has(after._id)));
    for (const { id, events } of folded) {
      if (!conflicts.has(id)) for (const event of events) outcomes.set(eventId(event), event);
    }
    open = new Map([...open].filter(([id]) => conflicts.has(id)));
  }
  return [...outcomes.values()];
}

async function foldOne<Doc extends Versioned>(
  id: string,
  before: Doc | undefined,
  received: readonly ReceivedEvent[],
  decide: Decide<Doc>,
): Promise<Folded<Doc>> {
  let after = before;
  const events: PipelineEvent[] = [];
  for (const each of received) {
    const decision = await decide(after, each);
    if (decision.outcome === 'accepted') after = decision.document;
    if (decision.outcome !== 'ignored') events.push(...decision.events);
  }
  return { id, before, after, events };
}
