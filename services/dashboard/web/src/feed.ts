/** The live feed: one connection for all pages, which continues after the last received step, however it was cut. */
import { signal } from '@preact/signals';
import type { FeedStep } from '../../src/views.ts';

type Connection = 'connecting' | 'live' | 'cut';

export interface FeedState {
  readonly connection: Connection;
  /** The number of the newest received step. */
  readonly last: number | undefined;
  /** Steps that are missing between the received numbers. */
  readonly lost: number;
}

export const feedState = signal<FeedState>({ connection: 'connecting', last: undefined, lost: 0 });

export interface FeedListener {
  /** `past`: they happened before the page was connected. */
  onSteps(steps: readonly FeedStep[], past: boolean): void;
}

/** The data of the feed's `start` message. */
interface StartingPoint {
  readonly after: number;
  readonly lost: number;
  readonly newest: number;
}

const reconnectMs = 1_000;
/** The server sends a message at least every fifteen seconds. */
const maxSilenceMs = 40_000;

const listeners = new Set<FeedListener>();
export function onFeed(listener: FeedListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

const update = (change: Partial<FeedState>): void => void (feedState.value = { ...feedState.value, ...change });

class Feed {
  #source: EventSource | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;
  /** The newest step when the connection was opened. */
  #newestAtStart = 0;

  connect(): void {
    this.#source?.close();
    const { last } = feedState.value;
    const source = new EventSource(last === undefined ? '/api/feed' : `/api/feed?after=${last}`);
    this.#source = source;
    this.#on(source, 'start', (data) => this.#receiveStart(data as StartingPoint));
    this.#on(source, 'steps', (data) => this.#receiveSteps(data as readonly FeedStep[]));
    this.#on(source, 'alive', () => undefined);
    source.addEventListener('error', () => {
      update({ connection: 'cut' });
      // The browser reconnects by itself, except when the server has rejected the request.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.connect(), reconnectMs);
    });
  }

  #on(source: EventSource, name: string, receive: (data: unknown) => void): void {
    source.addEventListener(name, (event) => {
      if (source !== this.#source) return;
      clearTimeout(this.#silenceTimer);
      this.#silenceTimer = setTimeout(() => this.connect(), maxSilenceMs);
      receive(JSON.parse((event as MessageEvent<string>).data));
    });
  }

  #receiveStart({ after, lost, newest }: StartingPoint): void {
    this.#newestAtStart = newest;
    const { last, lost: lostBefore } = feedState.value;
    // A lower number than before comes from another database, of which no step was received.
    const isSameDatabase = last !== undefined && after >= last;
    update({ connection: 'live', last: after, lost: isSameDatabase ? lostBefore + lost : 0 });
  }

  #receiveSteps(steps: readonly FeedStep[]): void {
    const { last = 0, lost } = feedState.value;
    const missing = Math.max(0, steps[0]!.seq - last - 1);
    update({ last: steps.at(-1)!.seq, lost: lost + missing });
    const past = steps.filter(({ seq }) => seq <= this.#newestAtStart);
    const live = steps.slice(past.length);
    for (const { onSteps } of listeners) {
      if (past.length > 0) onSteps(past, true);
      if (live.length > 0) onSteps(live, false);
    }
  }
}

export const startFeed = (): void => new Feed().connect();
