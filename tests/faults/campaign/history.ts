/** Every request, response and fault of a campaign, one JSON line each, in the order in which they happened. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

export type Intent = 'valid' | 'declined' | 'unsatisfiable';

export interface PlaceRequest {
  readonly kind: 'place';
  /** The number of the order that the customer wants; a repeated call with the same key has the same number. */
  readonly request: number;
  readonly key: string | undefined;
  readonly intent: Intent;
  /** Unique to this request, so it identifies the order, whether that was confirmed or not. */
  readonly customerId: string;
  /** In decimals. */
  readonly total: number;
  readonly lines: readonly { readonly product_id: string; readonly quantity: number }[];
}

export type Entry = { readonly atMs: number } & (
  | (PlaceRequest & { readonly call: number })
  | {
      readonly kind: 'placed';
      readonly call: number;
      readonly status: number;
      readonly orderId?: string;
      readonly state?: string;
    }
  | { readonly kind: 'cancel'; readonly call: number; readonly orderId: string }
  | {
      readonly kind: 'cancelled';
      readonly call: number;
      readonly orderId: string;
      readonly status: number;
      readonly state?: string;
    }
  | { readonly kind: 'get'; readonly call: number; readonly orderId: string }
  | {
      readonly kind: 'read';
      readonly call: number;
      readonly orderId: string;
      readonly status: number;
      readonly state?: string;
    }
  | { readonly kind: 'fault'; readonly fault: string; readonly detail: string }
);

type Unstamped<E> = E extends Entry ? Omit<E, 'atMs'> : never;

export interface History {
  readonly entries: readonly Entry[];
  add(entry: Unstamped<Entry>): void;
  close(): Promise<void>;
}

export function createHistory(file: string): History {
  const entries: Entry[] = [];
  const stream = createWriteStream(file);
  const beginMs = performance.now();
  return {
    entries,
    add(entry) {
      const stamped = { atMs: Math.round(performance.now() - beginMs), ...entry } as Entry;
      entries.push(stamped);
      stream.write(`${JSON.stringify(stamped)}\n`);
    },
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

/** The request may or may not have been executed. 0 stands for no response. */
export const isIndeterminate = (status: number): boolean => status === 0 || status === 503;
