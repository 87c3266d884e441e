/** Redriving and discarding: batch by batch, the publication first and the note about it after the acknowledgement. */
import { Registry } from 'prom-client';
import {
  createMessagingMetrics,
  createPublisher,
  deadLetterId,
  findDeadLetters,
  planResolution,
  readResolutions,
  resolutionKey,
  resolveDeadLetters,
  scanDeadLetters,
  type DeadLetterPlace,
  type Publisher,
  type ResolutionAction,
  type StoredDeadLetter,
} from '@order-pipeline/kafka';
import { ToolError, type ExitCode, type Terminal } from '../command-line.ts';
import type { KafkaConnection } from '../connections.ts';

export interface ResolveOptions {
  readonly action: ResolutionAction;
  readonly which: { readonly groups: readonly string[] } | { readonly places: readonly DeadLetterPlace[] };
  readonly max: number;
  readonly dryRun: boolean;
  readonly by: string;
  readonly json: boolean;
}

interface Outcome {
  readonly id: string;
  readonly outcome: ResolutionAction | 'unchanged' | 'refused' | 'not found';
  readonly detail?: string;
}

/** As much as is lost sight of when the tool is killed between publication and note. */
const batchSize = 100;

export async function resolve(
  connection: KafkaConnection,
  terminal: Terminal,
  options: ResolveOptions,
): Promise<ExitCode> {
  const { action, which, max, dryRun, by, json } = options;
  const all = 'groups' in which;
  const groups = all ? which.groups : [...new Set(which.places.map(({ group }) => group))];
  const resolutions = await readResolutions(connection, groups);
  const publisher = createPublisher(connection.kafka, createMessagingMetrics(new Registry()));
  const outcomes: Outcome[] = [];
  const seen = new Set<string>();
  let done = 0;
  let left = 0;

  const tell = (outcome: Outcome): void => {
    outcomes.push(outcome);
    if (!json) terminal.print(sentence(outcome, dryRun));
  };

  const onLetters = async (letters: readonly StoredDeadLetter[]): Promise<void> => {
    const todo: StoredDeadLetter[] = [];
    for (const letter of letters) {
      seen.add(letter.id);
      const planned = planResolution(letter, action, resolutions.get(resolutionKey(letter)));
      if (planned.step === 'nothing') {
        if (!all) tell({ id: letter.id, outcome: 'unchanged', detail: planned.why });
      } else if (planned.step === 'refuse') {
        tell({ id: letter.id, outcome: 'refused', detail: planned.why });
      } else if (done + todo.length < max) {
        todo.push(letter);
      } else {
        left += 1;
      }
    }
    done += todo.length;
    for (let start = 0; start < todo.length; start += batchSize) {
      terminal.signal.throwIfAborted();
      const batch = todo.slice(start, start + batchSize);
      const places = dryRun ? [] : await carryOut(publisher, batch, action, by);
      batch.forEach(({ id, originalTopic }, index) => {
        const place = places[index];
        const detail = action === 'redriven' ? `to ${originalTopic}${place ? `/${place}` : ''}` : undefined;
        tell({ id, outcome: action, ...(detail === undefined ? {} : { detail }) });
      });
    }
  };

  try {
    if (all) await scanDeadLetters(connection, groups, onLetters);
    else await findDeadLetters(connection, which.places, onLetters);
  } finally {
    await publisher.stop();
  }
  if (!all) {
    for (const place of which.places)
      if (!seen.has(deadLetterId(place))) tell({ id: deadLetterId(place), outcome: 'not found' });
  }
  if (json) terminal.print(JSON.stringify(outcomes, null, 2));
  terminal.note(`${dryRun ? 'Would have been ' : ''}${action}: ${done}.`);
  if (left > 0) terminal.note(`${left} more are left, because of --max ${max}.`);
  return outcomes.some(({ outcome }) => outcome === 'refused' || outcome === 'not found') ? 1 : 0;
}

/** Answers where the redriven messages landed, as partition/offset. */
async function carryOut(
  publisher: Publisher,
  letters: readonly StoredDeadLetter[],
  action: ResolutionAction,
  by: string,
): Promise<string[]> {
  const time = new Date().toISOString();
  try {
    const published = await resolveDeadLetters(publisher, letters, { action, time, by });
    return published.map(({ partition, offset }) => `${partition}/${offset}`);
  } catch (error) {
    throw new ToolError(
      `Kafka did not acknowledge (${(error as Error).message}). What is listed above is done; run the command again ` +
        'for the rest, which does no harm where a message was published already.',
    );
  }
}

function sentence({ id, outcome, detail }: Outcome, dryRun: boolean): string {
  switch (outcome) {
    case 'unchanged':
      return `${id} ${detail}; nothing to do`;
    case 'refused':
      return `${id} is not redriven: it ${detail}`;
    case 'not found':
      return `${id} does not exist`;
    default:
      return `${id} ${dryRun ? 'would be ' : ''}${outcome}${detail === undefined ? '' : ` ${detail}`}`;
  }
}
