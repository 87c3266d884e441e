import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeadLetter, DeadLetterDetails } from '../../src/views.ts';
import { getDeadLetter } from './api.ts';
import { formatMoment } from './format.ts';

const kinds: Readonly<Record<string, string>> = {
  'not-json': 'not JSON',
  schema: 'not its schema',
  handler: 'handler failed',
};

/** One dead letter, and when it is opened its key, headers and value: as text, whatever they hold. */
export function DeadLetterRow(props: {
  letter: DeadLetter;
  chosen: boolean;
  onChoose: (wanted: boolean) => void;
}): JSX.Element {
  const { letter, chosen, onChoose } = props;
  const { id, group, resolution } = letter;
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
            aria-label={`Choose ${id}`}
            checked={chosen}
            disabled={resolution !== null}
            onChange={({ currentTarget }) => onChoose(currentTarget.checked)}
          />
        </td>
        <td class="num">{formatMoment(letter.dead_lettered_at)}</td>
        <td>
          <b>{group}</b>
          <br />
          <span class="mono quiet">
            {letter.original_topic ?? '?'} · partition {letter.original_partition ?? '?'} · offset{' '}
            {letter.original_offset ?? '?'}
          </span>
        </td>
        <td class="why">
          <span class="badge refused">{kinds[letter.error_kind ?? ''] ?? 'unknown'}</span>
          {resolution && (
            <span class="badge stopped">
              {resolution.action} by {resolution.by}
            </span>
          )}
          <p>{letter.error_message}</p>
          <button type="button" class="link" aria-expanded={open} onClick={() => void toggle()}>
            {open ? 'Close' : 'Look inside'}
          </button>
        </td>
      </tr>
      {open && (
        <tr class="inside">
          <td colSpan={4}>
            {problem !== undefined && <p class="problem">{problem}</p>}
            {details ? <Inside details={details} /> : !problem && <p class="quiet">Reading …</p>}
          </td>
        </tr>
      )}
    </tbody>
  );
}

type Bytes = DeadLetterDetails['value'];

function Inside({ details: { record_key: key, value, headers } }: { details: DeadLetterDetails }): JSX.Element {
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
