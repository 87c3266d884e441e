import {
  deadLetterSummary,
  readResolutions,
  resolutionKey,
  scanDeadLetters,
  type DeadLetterSummary,
} from '@order-pipeline/kafka';
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

export async function list(
  connection: KafkaConnection,
  terminal: Terminal,
  { groups, limit, resolved, json }: ListOptions,
): Promise<ExitCode> {
  const resolutions = await readResolutions(connection, groups);
  const shown: DeadLetterSummary[] = [];
  let more = 0;
  await scanDeadLetters(connection, groups, async (letters) => {
    terminal.signal.throwIfAborted();
    for (const letter of letters) {
      const resolution = resolutions.get(resolutionKey(letter));
      if (resolution && !resolved) continue;
      if (shown.length < limit) shown.push(deadLetterSummary(letter, resolution));
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
