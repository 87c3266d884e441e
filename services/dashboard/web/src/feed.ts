/** The live feed: one connection for all pages, which goes on after the last step that arrived, however it was cut. */
import { signal } from '@preact/signals';
import type { FeedStep } from '../../src/views.ts';

export type Connection = 'connecting' | 'live' | 'cut';

export interface FeedState {
  readonly connection: Connection;
  /** The number of the newest step that arrived. */
  readonly last: number | undefined;
  /** Steps that the numbers show to be missing. */
  readonly lost: number;
}

export const feedState = signal<FeedState>({ connection: 'connecting', last: undefined, lost: 0 });

export interface FeedListener {
  /** `past`: they happened while the page did not look. */
  onSteps(steps: readonly FeedStep[], past: boolean): void;
}

interface StartingPoint {
  readonly after: number;
  readonly lost: number;
  readonly newest: number;
}

const reconnectMs = 1_000;
/** The server says something at least every fifteen seconds. */
const silenceMs = 40_000;

const listeners = new Set<FeedListener>();
export function onFeed(listener: FeedListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const change = (to: Partial<FeedState>): void => void (feedState.value = { ...feedState.value, ...to });

export function startFeed(): void {
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const connect = (): void => {
    source?.close();
    const { last } = feedState.value;
    const opened = new EventSource(last === undefined ? '/api/feed' : `/api/feed?after=${last}`);
    source = opened;
    /** The newest step when the connection was made. */
    let newest = 0;
    listen('start', (data) => {
      const { after, lost, newest: atStart } = data as StartingPoint;
      newest = atStart;
      const { last, lost: lostBefore } = feedState.value;
      // A number that goes back is that of another database: nothing of it has been seen.
      change({ connection: 'live', last: after, lost: last !== undefined && after >= last ? lostBefore + lost : 0 });
    });
    listen('steps', (data) => {
      const steps = data as readonly FeedStep[];
      const { last = 0, lost } = feedState.value;
      const missing = Math.max(0, steps[0]!.seq - last - 1);
      change({ last: steps.at(-1)!.seq, lost: lost + missing });
      const past = steps.filter(({ seq }) => seq <= newest);
      const now = steps.slice(past.length);
      for (const { onSteps } of listeners) {
        if (past.length > 0) onSteps(past, true);
        if (now.length > 0) onSteps(now, false);
      }
    });
    listen('alive', () => undefined);
    opened.addEventListener('error', () => {
      change({ connection: 'cut' });
      // The browser tries again by itself, unless it was refused: then it leaves that to us.
      if (opened.readyState === EventSource.CLOSED) setTimeout(connect, reconnectMs);
    });

    function listen(name: string, take: (data: unknown) => void): void {
      opened.addEventListener(name, (event) => {
        if (opened !== source) return;
        clearTimeout(silence);
        silence = setTimeout(connect, silenceMs);
        take(JSON.parse((event as MessageEvent<string>).data));
      });
    }
  };
  connect();
}
