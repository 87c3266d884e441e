import type { JSX } from 'preact';
import { signal } from '@preact/signals';
import { placeOrder } from './api.ts';
import { products } from './catalogue.ts';
import { draft } from './draft-store.ts';
import { formatCount } from './format.ts';
import { bodyOfStream } from './order-draft.ts';
import { streamOrders, type StreamProgress } from './order-stream.ts';

const settings = signal({ count: 100, perSecond: 5 });
const progress = signal<StreamProgress | undefined>(undefined);
let stopping: AbortController | undefined;

const limits = { count: 10_000, perSecond: 200 };

/** Continues until the page is closed, also while the user visits other views. */
function start(): void {
  const { count, perSecond } = settings.value;
  const catalogue = products.value;
  const pattern = { ...draft.value, quantities: {} };
  stopping = new AbortController();
  void streamOrders({
    count,
    perSecond,
    signal: stopping.signal,
    place: (n) => placeOrder(bodyOfStream(n, pattern, catalogue)),
    onProgress: (now) => void (progress.value = now),
  });
}

export function StreamForm(): JSX.Element {
  const { sent = 0, failed = 0, count = 1, done = true, problem } = progress.value ?? {};
  return (
    <form
      class="stream"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (done) start();
        else stopping?.abort();
      }}
    >
      <h3>Stream of orders</h3>
      <div class="stream-fields">
        <NumberField name="count" label="Orders" />
        <NumberField name="perSecond" label="per second" />
        <button type="submit" disabled={products.value.length === 0}>
          {done ? 'Start' : 'Stop'}
        </button>
      </div>
      {progress.value && (
        <>
          <progress max={count} value={sent + failed} aria-label="Progress of the stream" />
          <p class="quiet num" role="status">
            {done ? `${formatCount(sent)} placed` : `${formatCount(sent)} of ${formatCount(count)}`}
            {failed > 0 && `, ${formatCount(failed)} failed: ${problem}`}
          </p>
        </>
      )}
    </form>
  );
}

function NumberField({ name, label }: { name: 'count' | 'perSecond'; label: string }): JSX.Element {
  return (
    <label>
      {label}
      <input
        class="num"
        type="number"
        min={1}
        max={limits[name]}
        value={settings.value[name]}
        onChange={({ currentTarget }) => {
          const value = Math.min(limits[name], Math.max(1, Math.trunc(Number(currentTarget.value)) || 1));
          settings.value = { ...settings.value, [name]: value };
          currentTarget.value = String(value);
        }}
      />
    </label>
  );
}
