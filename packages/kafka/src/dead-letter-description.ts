/** A dead letter as JSON: what `npm run dlq -- show --json` prints and the dashboard shows. */
import { subjectOf, type Resolution, type StoredDeadLetter } from './stored-dead-letter.ts';

/** Text where the bytes are UTF-8, else their base64. */
export type ReadableBytes = { readonly text: string } | { readonly base64: string } | null;

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readableBytes(bytes: Buffer | null): ReadableBytes {
  if (bytes === null) return null;
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return { base64: bytes.toString('base64') };
  }
}

export type DeadLetterSummary = ReturnType<typeof deadLetterSummary>;
export const deadLetterSummary = (letter: StoredDeadLetter, resolution: Resolution | undefined) => ({
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

export function deadLetterDetails(letter: StoredDeadLetter, resolution: Resolution | undefined) {
  const headers = Object.entries(letter.message.headers ?? {}).map(([name, value]): [string, ReadableBytes[]] => [
    name,
    [value ?? []].flat().map((each) => readableBytes(Buffer.from(each))),
  ]);
  return {
    ...deadLetterSummary(letter, resolution),
    headers: Object.fromEntries(headers),
    record_key: readableBytes(letter.message.key),
    value: readableBytes(letter.message.value),
  };
}
