import {
  deadLetterDetails,
  deadLetterId,
  findDeadLetters,
  readableBytes,
  readResolutions,
  resolutionKey,
  type DeadLetterPlace,
  type Resolution,
  type StoredDeadLetter,
} from '@order-pipeline/kafka';
import { printable, ToolError, type ExitCode, type Terminal } from '../command-line.ts';
import type { KafkaConnection } from '../kafka-connection.ts';

export async function show(
  connection: KafkaConnection,
  terminal: Terminal,
  { place, json }: { place: DeadLetterPlace; json: boolean },
): Promise<ExitCode> {
  const resolution = (await readResolutions(connection, [place.group])).get(resolutionKey(place));
  let deadLetter: StoredDeadLetter | undefined;
  await findDeadLetters(connection, [place], async ([found]) => {
    deadLetter = found;
    return 'enough';
  });
  if (!deadLetter) {
    throw new ToolError(`There is no dead letter ${deadLetterId(place)}; npm run dlq -- list lists those that exist.`);
  }
  if (json) terminal.print(JSON.stringify(deadLetterDetails(deadLetter, resolution), null, 2));
  else for (const line of describe(deadLetter, resolution)) terminal.print(line);
  return 0;
}

function describe(deadLetter: StoredDeadLetter, resolution: Resolution | undefined): string[] {
  const { id, message, originalTopic, originalPartition, originalOffset, attempts } = deadLetter;
  const { kind, errorClass, errorMessage, deadLetteredAt } = deadLetter;
  const line = (name: string, value: string): string => `${name.padEnd(16)}${printable(value)}`;
  return [
    line('id', id),
    line('dead-lettered', deadLetteredAt),
    line('origin', `${originalTopic ?? '?'}, partition ${originalPartition ?? '?'}, offset ${originalOffset ?? '?'}`),
    line('attempts', String(attempts ?? '?')),
    line('error', `${kind ?? '?'}: ${errorClass ?? '?'}: ${errorMessage ?? ''}`),
    line('resolution', resolution ? `${resolution.action} on ${resolution.time} by ${resolution.by}` : 'none'),
    'headers',
    ...Object.entries(message.headers ?? {}).flatMap(([name, value]) =>
      [value ?? []].flat().map((each) => `  ${printable(name)}: ${printable(textOf(Buffer.from(each)))}`),
    ),
    line('key', textOf(message.key)),
    'value',
    ...prettyJson(textOf(message.value)).map((each) => `  ${printable(each)}`),
  ];
}

function textOf(value: Buffer | null): string {
  const bytes = readableBytes(value);
  if (bytes === null) return '(none)';
  return 'text' in bytes ? bytes.text : `base64 ${bytes.base64}`;
}

function prettyJson(value: string): string[] {
  try {
    return JSON.stringify(JSON.parse(value), null, 2).split('\n');
  } catch {
    return value.split('\n');
  }
}
