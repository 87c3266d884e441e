/** The dead-letter queues for the page: each request reads what Kafka holds at that moment. */
import {
  deadLetterDetails,
  deadLetterGroups,
  deadLetterId,
  deadLetterSummary,
  findDeadLetters,
  planResolution,
  readResolutions,
  resolutionKey,
  resolveDeadLetters,
  scanDeadLetters,
  type DeadLetterPlace,
  type OnDemandAdmin,
  type Publisher,
  type ResolutionAction,
  type Resolutions,
  type StoredDeadLetter,
  type TopicReader,
} from '@order-pipeline/kafka';
import { unavailable } from '@order-pipeline/http';
import type { DeadLetter, DeadLetterDetails, DeadLetters, ResolutionOutcome } from './views.ts';

/** All that are listed can be selected and resolved at once. */
export const maxListed = 200;
/** Beyond it the oldest are only counted. */
const maxScanned = 10_000;
/** Each read is a short-lived consumer. */
const maxConcurrentReads = 4;
/** Recorded in each resolution. The page does not identify its user. */
const resolvedBy = 'dashboard';

export interface DeadLetterQueuesOptions {
  readonly kafka: TopicReader['kafka'];
  readonly admin: OnDemandAdmin;
  readonly publisher: Publisher;
}

export class DeadLetterQueues {
  readonly #options: DeadLetterQueuesOptions;
  #reads = 0;

  constructor(options: DeadLetterQueuesOptions) {
    this.#options = options;
  }

  /** The unresolved dead letters, or with `includeResolved` all, newest first. */
  list(includeResolved: boolean): Promise<DeadLetters> {
    return this.#read(async (reader) => {
      const [resolutions, { summaries, dropped }] = await Promise.all([
        readResolutions(reader, deadLetterGroups),
        scanSummaries(reader),
      ]);
      const items = [...summaries]
        .map(([key, summary]): DeadLetter => ({ ...summary, resolution: resolutions.get(key) ?? null }))
        .filter(({ resolution }) => includeResolved || resolution === null)
        .toSorted((a, b) => b.dead_lettered_at.localeCompare(a.dead_lettered_at));
      return { items: items.slice(0, maxListed), more: dropped + Math.max(0, items.length - maxListed) };
    });
  }

  /** One dead letter with its bytes; undefined when the queue does not hold it. */
  async find(place: DeadLetterPlace): Promise<DeadLetterDetails | undefined> {
    const { resolutions, found } = await this.#findAll([place]);
    const [deadLetter] = found;
    return deadLetter && deadLetterDetails(deadLetter, resolutions.get(resolutionKey(deadLetter)));
  }

  /** Resolves each dead letter once; a dry run only reports what it would do. One outcome per place, in their order. */
  async resolve(
    places: readonly DeadLetterPlace[],
    action: ResolutionAction,
    dryRun: boolean,
  ): Promise<ResolutionOutcome[]> {
    const { resolutions, found } = await this.#findAll(places);
    const outcomes = new Map<string, ResolutionOutcome>();
    const unresolved: StoredDeadLetter[] = [];
    for (const deadLetter of found) {
      const { id } = deadLetter;
      const plan = planResolution(deadLetter, action, resolutions.get(resolutionKey(deadLetter)));
      if (plan.step === 'do') unresolved.push(deadLetter);
      else outcomes.set(id, { id, outcome: plan.step === 'refuse' ? 'refused' : 'unchanged', detail: plan.why });
    }
    const resolution = { action, time: new Date().toISOString(), by: resolvedBy };
    const published = dryRun ? [] : await resolveDeadLetters(this.#options.publisher, unresolved, resolution);
    for (const [index, { id, originalTopic }] of unresolved.entries()) {
      const at = published[index];
      const place = at ? `, partition ${at.partition}, offset ${at.offset}` : '';
      outcomes.set(id, { id, outcome: action, detail: action === 'redriven' ? `to ${originalTopic}${place}` : '' });
    }
    return places.map((place) => {
      const id = deadLetterId(place);
      return outcomes.get(id) ?? { id, outcome: 'not found', detail: 'there is no such dead letter' };
    });
  }

  #findAll(places: readonly DeadLetterPlace[]): Promise<{ resolutions: Resolutions; found: StoredDeadLetter[] }> {
    return this.#read(async (reader) => {
      const found: StoredDeadLetter[] = [];
      const [resolutions] = await Promise.all([
        readResolutions(reader, [...new Set(places.map(({ group }) => group))]),
        findDeadLetters(reader, places, async (deadLetters) => void found.push(...deadLetters)),
      ]);
      return { resolutions, found };
    });
  }

  async #read<T>(work: (reader: TopicReader) => Promise<T>): Promise<T> {
    const { kafka, admin } = this.#options;
    if (this.#reads >= maxConcurrentReads) {
      throw unavailable('Too many requests read the dead-letter queues; try again', 1);
    }
    this.#reads += 1;
    try {
      return await admin.ask((connected) => work({ kafka, admin: connected, groupPrefix: 'dashboard' }));
    } finally {
      this.#reads -= 1;
    }
  }
}

/** The newest dead letters of all queues by their resolution's key, and how many older ones were dropped. */
async function scanSummaries(reader: TopicReader) {
  const summaries = new Map<string, DeadLetter>();
  let dropped = 0;
  await scanDeadLetters(reader, deadLetterGroups, async (deadLetters) => {
    for (const deadLetter of deadLetters) {
      summaries.set(resolutionKey(deadLetter), deadLetterSummary(deadLetter, undefined));
      if (summaries.size > maxScanned) {
        summaries.delete(summaries.keys().next().value!);
        dropped += 1;
      }
    }
  });
  return { summaries, dropped };
}
