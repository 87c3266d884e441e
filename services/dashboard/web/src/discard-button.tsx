import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { plural } from './format.ts';

/** What cannot be taken back is asked for twice. */
export function DiscardButton(props: { count: number; busy: boolean; onDiscard: () => void }): JSX.Element {
  const { count, busy, onDiscard } = props;
  const [asking, setAsking] = useState(false);
  if (!asking || count === 0) {
    return (
      <button type="button" disabled={busy || count === 0} onClick={() => setAsking(true)}>
        Discard …
      </button>
    );
  }
  return (
    <span class="asking">
      <button
        type="button"
        class="danger"
        disabled={busy}
        onClick={() => {
          setAsking(false);
          onDiscard();
        }}
      >
        Discard {plural(count, 'dead letter')} for good
      </button>
      <button type="button" class="link" onClick={() => setAsking(false)}>
        Keep
      </button>
    </span>
  );
}
