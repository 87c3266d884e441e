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
import { ToolError, type ExitCode, type Terminal } from '../command-line.ts';
import type { KafkaConnection } from '../connections.ts';
import { printable } from './list.ts';

export async function show(
  connection: KafkaConnection,
  terminal: Terminal,
  { place, json }: { place: DeadLetterPlace; json: boolean },
): Promise<ExitCode> {
  const resolution = (await readResolutions(connection, [place.group])).get(resolutionKey(place));
  let letter: StoredDeadLetter | undefined;
  await findDeadLetters(connection, [place], async ([found]) => {
    letter = found;
    return 'enough';
  });
  if (!letter)
    throw new ToolError(`There is no dead letter ${deadLetterId(place)}; npm run dlq -- list shows those that are.`);
  if (json) terminal.print(JSON.stringify(deadLetterDetails(letter, resolution), null, 2));
  else for (const line of text(letter, resolution)) terminal.print(line);
  return 0;
}

function text(letter: StoredDeadLetter, resolution: Resolution | undefined): string[] {
  const line = (name: string, value: string): string => `${name.padEnd(16)}${printable(value)}`;
  const bytes = (value: Buffer | null): string => {
    const found = readableBytes(value);
    if (found === null) return '(none)';
    return 'text' in found ? found.text : `base64 ${found.base64}`;
  };
  return [
    line('id', letter.id),
    line('dead-lettered', letter.deadLetteredAt),
    line(
      'came from',
      `${letter.originalTopic ?? '?'}, partition ${letter.originalPartition ?? '?'}, offset ${letter.originalOffset ?? '?'}`,
    ),
    line('attempts', String(letter.attempts ?? '?')),
    line('error', `${letter.kind ?? '?'}: ${letter.errorClass ?? '?'}: ${letter.errorMessage ?? ''}`),
    line('done about it', resolution ? `${resolution.action} on ${resolution.time} by ${resolution.by}` : 'nothing'),
    'headers',
    ...Object.entries(letter.message.headers ?? {}).flatMap(([name, value]) =>
      [value ?? []].flat().map((each) => `  ${printable(name)}: ${printable(bytes(Buffer.from(each)))}`),
    ),
    line('key', bytes(letter.message.key)),
    'value',
    ...prettyJson(bytes(letter.message.value)).map((each) => `  ${printable(each)}`),
  ];
}

function prettyJson(value: string): string[] {
  try {
    return JSON.stringify(JSON.parse(value), null, 2).split('\n');
  } catch {
    return value.split('\n');
  }
}
