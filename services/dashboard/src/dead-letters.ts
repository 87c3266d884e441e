/** The dead-letter queues as the page works with them: each request reads what Kafka holds now. */
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
  type StoredDeadLetter,
  type TopicReader,
} from '@order-pipeline/kafka';
import { OutageError } from '@order-pipeline/resilience';
import { unavailable } from '@order-pipeline/http';
import type { DeadLetter, DeadLetterDetails, DeadLetters, ResolutionOutcome } from './views.ts';

export interface DeadLetterDesk {
  /** Those that nobody has dealt with yet, or with `resolved` all. */
  list(resolved: boolean): Promise<DeadLetters>;
  show(place: DeadLetterPlace): Promise<DeadLetterDetails | undefined>;
  /** Once each; a dry run says what would be done. */
  resolve(places: readonly DeadLetterPlace[], action: ResolutionAction, dryRun: boolean): Promise<ResolutionOutcome[]>;
}

/** All that are shown can be chosen and dealt with at once. */
export const maxListed = 200;
/** Beyond it the oldest are only counted. */
const maxKept = 10_000;
/** Each reading is a short-lived consumer. */
const maxReadings = 4;
/** For the record: the page knows nobody's name. */
const decidedBy = 'dashboard';

export interface DeadLetterDeskOptions {
  readonly kafka: TopicReader['kafka'];
  readonly admin: OnDemandAdmin;
  readonly publisher: Publisher;
}

export function createDeadLetterDesk({ kafka, admin, publisher }: DeadLetterDeskOptions): DeadLetterDesk {
  let readings = 0;
  const reading = async <T>(work: (reader: TopicReader) => Promise<T>): Promise<T> => {
    if (readings >= maxReadings) throw unavailable('The dead letters are being read by others; try again', 1);
    readings += 1;
    try {
      return await admin.ask((connected) => work({ kafka, admin: connected, groupPrefix: 'dashboard' }));
    } catch (error) {
      throw new OutageError('kafka', error);
    } finally {
      readings -= 1;
    }
  };

  const find = (places: readonly DeadLetterPlace[]) =>
    reading(async (reader) => {
      const found: StoredDeadLetter[] = [];
      const [resolutions] = await Promise.all([
        readResolutions(reader, [...new Set(places.map(({ group }) => group))]),
        findDeadLetters(reader, places, async (letters) => void found.push(...letters)),
      ]);
      return { resolutions, found };
    });

  return {
    list: (resolved) =>
      reading(async (reader) => {
        const summaries = new Map<string, DeadLetter>();
        let dropped = 0;
        const [resolutions] = await Promise.all([
          readResolutions(reader, deadLetterGroups),
          scanDeadLetters(reader, deadLetterGroups, async (letters) => {
            for (const letter of letters) {
              summaries.set(resolutionKey(letter), deadLetterSummary(letter, undefined));
              if (summaries.size > maxKept) {
                summaries.delete(summaries.keys().next().value!);
                dropped += 1;
              }
            }
          }),
        ]);
        const items = [...summaries].flatMap(([key, summary]): DeadLetter[] => {
          const resolution = resolutions.get(key);
          if (resolution && !resolved) return [];
          return [{ ...summary, resolution: resolution ?? null }];
        });
        items.sort((a, b) => b.dead_lettered_at.localeCompare(a.dead_lettered_at));
        return { items: items.slice(0, maxListed), more: dropped + Math.max(0, items.length - maxListed) };
      }),
    async show(place) {
      const { resolutions, found } = await find([place]);
      const [letter] = found;
      return letter && deadLetterDetails(letter, resolutions.get(resolutionKey(letter)));
    },
    async resolve(places, action, dryRun) {
      const { resolutions, found } = await find(places);
      const outcomes = new Map<string, ResolutionOutcome>();
      const todo: StoredDeadLetter[] = [];
      for (const letter of found) {
        const { id } = letter;
        const planned = planResolution(letter, action, resolutions.get(resolutionKey(letter)));
        if (planned.step === 'do') todo.push(letter);
        else
          outcomes.set(id, { id, outcome: planned.step === 'refuse' ? 'refused' : 'unchanged', detail: planned.why });
      }
      const time = new Date().toISOString();
      const landed = dryRun ? [] : await resolveDeadLetters(publisher, todo, { action, time, by: decidedBy });
      todo.forEach(({ id, originalTopic }, index) => {
        const at = landed[index];
        const where = at ? `, partition ${at.partition}, offset ${at.offset}` : '';
        outcomes.set(id, { id, outcome: action, detail: action === 'redriven' ? `to ${originalTopic}${where}` : '' });
      });
      return places.map((place) => {
        const id = deadLetterId(place);
        return outcomes.get(id) ?? { id, outcome: 'not found', detail: 'there is no such dead letter' };
      });
    },
  };
}
