/**
 * Everything that we change in kafkajs 2.2.4, in one file. The version is pinned exactly, kafkajs-internals.test.ts fails
 * when what stands here no longer fits, and docs/adr/0003 says what it costs and how we would leave it.
 */
import { createRequire } from 'node:module';
import { decodeRecord, encodeRecord } from './record-format.ts';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  readonly enforceRequestTimeout: boolean;
  requestTimeoutIntervalId?: NodeJS.Timeout;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

/** Request time-outs are seconds long: a check once a second is soon enough, and costs a tenth of kafkajs' wake-ups. */
const requestTimeoutCheckMs = 1_000;

/** Call before the first client of this process connects. */
export function patchKafkajs(): void {
  const require = createRequire(import.meta.url);
  replaceRecordFormat(require);
  mendRequestQueue((require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype);
}

function replaceRecordFormat(require: NodeJS.Require): void {
  const replace = (file: string, by: unknown): void => {
    const path = require.resolve(`kafkajs/src/protocol/recordBatch/record/v0/${file}`);
    require(path);
    require.cache[path]!.exports = by;
  };
  replace('index.js', encodeRecord);
  replace('decoder.js', decodeRecord);
}

/**
 * kafkajs re-arms a timer after every response, with a negative delay that Node takes for 1 ms, and again whenever it
 * fires: a thousand wake-ups a second for each process (tulios/kafkajs#1751). The timer is for requests that wait while
 * the broker throttles the client, so it is armed only where a request waits.
 */
function mendRequestQueue(prototype: RequestQueue): void {
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (): void {
    if (this.pending.length > 0) schedule.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function (): void {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    this.requestTimeoutIntervalId = setInterval(() => {
      for (const request of this.inflight.values()) {
        if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      }
      if (!this.isConnected()) this.destroy();
    }, requestTimeoutCheckMs);
  };
}
