import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { plural } from './format.ts';

/** Asks for a confirmation, because a resolution is final. */
export function DiscardButton(props: { count: number; busy: boolean; onDiscard: () => void }): JSX.Element {
  const { count, busy, onDiscard } = props;
  const [isConfirming, setConfirming] = useState(false);
  if (!isConfirming || count === 0) {
    return (
      <button type="button" disabled={busy || count === 0} onClick={() => setConfirming(true)}>
        Discard …
      </button>
    );
  }
  return (
    <span class="confirming">
      <button
        type="button"
        class="danger"
        disabled={busy}
        onClick={() => {
          setConfirming(false);
          onDiscard();
        }}
      >
        Discard {plural(count, 'dead letter')} permanently
      </button>
      <button type="button" class="link" onClick={() => setConfirming(false)}>
        Keep
      </button>
    </span>
  );
}
