import {
  readResolutions,
  resolutionKey,
  scanDeadLetters,
  subjectOf,
  type Resolution,
  type StoredDeadLetter,
} from '@order-pipeline/messaging';
import { table, type ExitCode, type Terminal } from '../command-line.ts';
import type { KafkaConnection } from '../connections.ts';

export interface ListOptions {
  readonly groups: readonly string[];
  readonly limit: number;
  /** Those that were dealt with as well. */
  readonly resolved: boolean;
  readonly json: boolean;
}

const shownErrorLength = 100;

/** What `list --json` and `show --json` say of a dead letter. */
export const summary = (letter: StoredDeadLetter, resolution: Resolution | undefined) => ({
  id: letter.id,
  group: letter.group,
  key: subjectOf(letter) ?? null,
  original_topic: letter.originalTopic ?? null,
  original_partition: letter.originalPartition ?? null,
  original_offset: letter.originalOffset ?? null,
  dead_lettered_at: letter.deadLetteredAt,
  attempts: letter.attempts ?? null,
  error_kind: letter.kind ?? null,
  error_class: letter.errorClass ?? null,
  error_message: letter.errorMessage ?? null,
  resolution: resolution ?? null,
});

export async function list(
  connection: KafkaConnection,
  terminal: Terminal,
  { groups, limit, resolved, json }: ListOptions,
): Promise<ExitCode> {
  const resolutions = await readResolutions(connection, groups);
  const shown: ReturnType<typeof summary>[] = [];
  let more = 0;
  await scanDeadLetters(connection, groups, async (letters) => {
    terminal.signal.throwIfAborted();
    for (const letter of letters) {
      const resolution = resolutions.get(resolutionKey(letter));
      if (resolution && !resolved) continue;
      if (shown.length < limit) shown.push(summary(letter, resolution));
      else more += 1;
    }
  });
  shown.sort((a, b) => a.dead_lettered_at.localeCompare(b.dead_lettered_at));
  if (json) {
    terminal.print(JSON.stringify(shown, null, 2));
  } else if (shown.length === 0) {
    terminal.print(resolved ? 'The dead-letter queues are empty.' : 'No dead letter waits for a decision.');
  } else {
    const head = ['ID', 'SINCE', 'FROM', 'KEY', 'KIND', ...(resolved ? ['DONE'] : []), 'ERROR'];
    const rows = shown.map((letter) => [
      letter.id,
      letter.dead_lettered_at,
      `${letter.original_topic ?? '?'}/${letter.original_partition ?? '?'}/${letter.original_offset ?? '?'}`,
      printable(letter.key ?? '-'),
      letter.error_kind ?? '?',
      ...(resolved ? [letter.resolution?.action ?? '-'] : []),
      printable(letter.error_message ?? '').slice(0, shownErrorLength),
    ]);
    for (const line of table([head, ...rows])) terminal.print(line);
  }
  if (more > 0) terminal.note(`… and ${more} more; --limit shows them.`);
  return 0;
}

/** Keys and errors may hold anything, which must not reach the terminal as control codes. */
export const printable = (text: string): string => text.replaceAll(/\p{C}/gu, '�');
