/**
 * Everything that we change in kafkajs 2.2.4, or use of it without being exported, in one file. The version is pinned
 * exactly, kafkajs-internals.test.ts fails when what stands here no longer fits, and docs/adr/0003 says what it costs and
 * how we would leave it.
 */
import { createRequire } from 'node:module';
import type { AuthenticationProviderArgs, Authenticator, Kafka } from 'kafkajs';
import { decodeRecord, encodeRecord } from './record-format.ts';

const require = createRequire(import.meta.url);

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
  replaceRecordFormat();
  fixRequestQueue((require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype);
}

function replaceRecordFormat(): void {
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
function fixRequestQueue(prototype: RequestQueue): void {
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

export interface Credentials {
  readonly username: string;
  readonly password: string;
}
type BuiltInAuthentication = (credentials: Credentials) => (connection: AuthenticationProviderArgs) => Authenticator;

const authenticationFiles = { plain: 'plain', 'scram-sha-256': 'scram256', 'scram-sha-512': 'scram512' } as const;

/** kafkajs' own login by a mechanism; its public options offer it only with a password and a failure that stay as they are. */
export function builtInAuthenticator(
  mechanism: keyof typeof authenticationFiles,
  credentials: Credentials,
  connection: AuthenticationProviderArgs,
): Authenticator {
  const file = `kafkajs/src/broker/saslAuthenticator/${authenticationFiles[mechanism]}`;
  return (require(file) as BuiltInAuthentication)(credentials)(connection);
}

/** The part of kafkajs below its admin client, which asks topic by topic and group by group, and each time for metadata. */
export interface KafkajsCluster {
  targetTopics: Set<string>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
  fetchTopicsOffset(topics: readonly object[]): Promise<OffsetsReply[]>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<KafkajsCoordinator>;
}

export interface KafkajsCoordinator {
  readonly nodeId: number;
  offsetFetch(request: object): Promise<{ readonly responses: readonly OffsetsReply[] }>;
  describeGroups(request: object): Promise<{ readonly groups: readonly DescribedGroup[] }>;
}

export interface OffsetsReply {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly errorCode?: number }[];
}

export interface DescribedGroup {
  readonly groupId: string;
  readonly state: string;
  readonly protocol: string;
  readonly members: readonly { readonly memberAssignment: Buffer }[];
}

/** Not connected yet. Its metadata are refreshed when they are older than `metadataMaxAgeMs`. */
export function createKafkajsCluster(kafka: Kafka, metadataMaxAgeMs: number): KafkajsCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(':createCluster'));
  if (symbol === undefined) throw new TypeError('kafkajs is not the version that package.json pins');
  const create = (kafka as unknown as Record<symbol, (options: object) => KafkajsCluster>)[symbol]!;
  return create({ metadataMaxAge: metadataMaxAgeMs, allowAutoTopicCreation: false });
}
