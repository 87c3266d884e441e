import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeadLetter, DeadLetterDetails } from '../../src/views.ts';
import { getDeadLetter } from './api.ts';
import { formatMoment } from './format.ts';

const kinds: Readonly<Record<string, string>> = {
  'not-json': 'not JSON',
  schema: 'invalid data',
  handler: 'handler failed',
};

/** One dead letter and, when it is expanded, its record: key, headers and value as text, whatever they contain. */
export function DeadLetterRow(props: {
  deadLetter: DeadLetter;
  selected: boolean;
  onSelect: (selected: boolean) => void;
}): JSX.Element {
  const { deadLetter, selected, onSelect } = props;
  const { id, group, resolution } = deadLetter;
  const [open, setOpen] = useState(false);
  const [details, setDetails] = useState<DeadLetterDetails | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);

  const toggle = async (): Promise<void> => {
    setOpen(!open);
    if (open || details) return;
    try {
      setDetails(await getDeadLetter(id));
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  return (
    <tbody class={resolution ? 'resolved' : ''}>
      <tr>
        <td>
          <input
            type="checkbox"
            aria-label={`Select ${id}`}
            checked={selected}
            disabled={resolution !== null}
            onChange={({ currentTarget }) => onSelect(currentTarget.checked)}
          />
        </td>
        <td class="num">{formatMoment(deadLetter.dead_lettered_at)}</td>
        <td>
          <b>{group}</b>
          <br />
          <span class="mono quiet">
            {deadLetter.original_topic ?? '?'} · partition {deadLetter.original_partition ?? '?'} · offset{' '}
            {deadLetter.original_offset ?? '?'}
          </span>
        </td>
        <td class="why">
          <span class="badge refused">{kinds[deadLetter.error_kind ?? ''] ?? 'unknown'}</span>
          {resolution && (
            <span class="badge stopped">
              {resolution.action} by {resolution.by}
            </span>
          )}
          <p>{deadLetter.error_message}</p>
          <button type="button" class="link" aria-expanded={open} onClick={() => void toggle()}>
            {open ? 'Hide record' : 'Show record'}
          </button>
        </td>
      </tr>
      {open && (
        <tr class="record">
          <td colSpan={4}>
            {problem !== undefined && <p class="problem">{problem}</p>}
            {details ? <DeadLetterRecord details={details} /> : !problem && <p class="quiet">Reading …</p>}
          </td>
        </tr>
      )}
    </tbody>
  );
}

type Bytes = DeadLetterDetails['value'];

function DeadLetterRecord({
  details: { record_key: key, value, headers },
}: {
  details: DeadLetterDetails;
}): JSX.Element {
  return (
    <>
      <h3>Key</h3>
      <pre>{textOf(key)}</pre>
      <h3>Value</h3>
      <pre>{pretty(textOf(value))}</pre>
      <h3>Headers</h3>
      <dl class="headers">
        {Object.entries(headers).map(([name, values]) => (
          <div key={name}>
            <dt class="mono">{name}</dt>
            <dd class="mono">{values.map(textOf).join(', ')}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function textOf(bytes: Bytes): string {
  if (bytes === null) return '(none)';
  return 'text' in bytes ? bytes.text : `base64 ${bytes.base64}`;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
