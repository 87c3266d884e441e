import {
  deadLetterSummary,
  readResolutions,
  resolutionKey,
  scanDeadLetters,
  type DeadLetterSummary,
} from '@order-pipeline/kafka';
import { printable, table, type ExitCode, type Terminal } from '../command-line.ts';
import type { KafkaConnection } from '../kafka-connection.ts';

export interface ListOptions {
  readonly groups: readonly string[];
  readonly limit: number;
  /** Includes the dead letters that were redriven or discarded. */
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
  await scanDeadLetters(connection, groups, async (deadLetters) => {
    terminal.signal.throwIfAborted();
    for (const deadLetter of deadLetters) {
      const resolution = resolutions.get(resolutionKey(deadLetter));
      if (resolution && !resolved) continue;
      if (shown.length < limit) shown.push(deadLetterSummary(deadLetter, resolution));
      else more += 1;
    }
  });
  shown.sort((a, b) => a.dead_lettered_at.localeCompare(b.dead_lettered_at));
  if (json) terminal.print(JSON.stringify(shown, null, 2));
  else for (const line of listTable(shown, resolved)) terminal.print(line);
  if (more > 0) terminal.note(`… and ${more} more; raise --limit to list them.`);
  return 0;
}

function listTable(deadLetters: readonly DeadLetterSummary[], resolved: boolean): string[] {
  if (deadLetters.length === 0) {
    return [resolved ? 'The dead-letter queues are empty.' : 'There is no unresolved dead letter.'];
  }
  const head = ['ID', 'SINCE', 'ORIGIN', 'KEY', 'KIND', ...(resolved ? ['RESOLUTION'] : []), 'ERROR'];
  const rows = deadLetters.map((each) => [
    each.id,
    each.dead_lettered_at,
    `${each.original_topic ?? '?'}/${each.original_partition ?? '?'}/${each.original_offset ?? '?'}`,
    printable(each.key ?? '-'),
    each.error_kind ?? '?',
    ...(resolved ? [each.resolution?.action ?? '-'] : []),
    printable(each.error_message ?? '').slice(0, shownErrorLength),
  ]);
  return table([head, ...rows]);
}
