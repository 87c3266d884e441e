/** A dead letter as JSON, as `npm run dlq -- show --json` prints it and the dashboard shows it. */
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
export const deadLetterSummary = (deadLetter: StoredDeadLetter, resolution: Resolution | undefined) => ({
  id: deadLetter.id,
  group: deadLetter.group,
  key: subjectOf(deadLetter) ?? null,
  original_topic: deadLetter.originalTopic ?? null,
  original_partition: deadLetter.originalPartition ?? null,
  original_offset: deadLetter.originalOffset ?? null,
  dead_lettered_at: deadLetter.deadLetteredAt,
  attempts: deadLetter.attempts ?? null,
  error_kind: deadLetter.kind ?? null,
  error_class: deadLetter.errorClass ?? null,
  error_message: deadLetter.errorMessage ?? null,
  resolution: resolution ?? null,
});

export function deadLetterDetails(deadLetter: StoredDeadLetter, resolution: Resolution | undefined) {
  const headers = Object.entries(deadLetter.message.headers ?? {}).map(([name, value]): [string, ReadableBytes[]] => [
    name,
    [value ?? []].flat().map((each) => readableBytes(Buffer.from(each))),
  ]);
  return {
    ...deadLetterSummary(deadLetter, resolution),
    headers: Object.fromEntries(headers),
    record_key: readableBytes(deadLetter.message.key),
    value: readableBytes(deadLetter.message.value),
  };
}
