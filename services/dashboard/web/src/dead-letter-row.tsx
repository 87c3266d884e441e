import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeadLetter, DeadLetterDetails } from '../../src/views.ts';
import { getDeadLetter } from './api.ts';
import { DeadLetterRecord } from './dead-letter-record.tsx';
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
  const { id, resolution } = deadLetter;
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
          <Origin deadLetter={deadLetter} />
        </td>
        <td class="why">
          <Reason deadLetter={deadLetter} />
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

function Origin({ deadLetter }: { deadLetter: DeadLetter }): JSX.Element {
  const { group, original_topic: topic, original_partition: partition, original_offset: offset } = deadLetter;
  return (
    <>
      <b>{group}</b>
      <br />
      <span class="mono quiet">
        {topic ?? '?'} · partition {partition ?? '?'} · offset {offset ?? '?'}
      </span>
    </>
  );
}

function Reason({ deadLetter }: { deadLetter: DeadLetter }): JSX.Element {
  const { error_kind: kind, error_message: message, resolution } = deadLetter;
  return (
    <>
      <span class="badge refused">{kinds[kind ?? ''] ?? 'unknown'}</span>
      {resolution && (
        <span class="badge stopped">
          {resolution.action} by {resolution.by}
        </span>
      )}
      <p>{message}</p>
    </>
  );
}
