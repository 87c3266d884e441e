/** Which events the topics contain, and from which offset and time on they contain all of them. */
import { BloomFilter } from './bloom-filter.ts';

/** Enough for 16 million orders at one wrong answer in a million. */
const maxBytes = 256 * 1024 * 1024;

/** A fact that a document records as published. */
export interface RecordedFact {
  /** `<type>:<status>` */
  readonly fact: string;
  readonly topic: string;
  /** When it became true. */
  readonly time: string;
  /** Where its event was read, as far as that is known. */
  readonly partition?: number;
  readonly offset?: string;
}

export class PublishedFacts {
  readonly #filter: BloomFilter;
  readonly #firstOffsets = new Map<string, bigint>();
  readonly #retainedSinceMs = new Map<string, number>();

  constructor(expectedEvents: number) {
    this.#filter = new BloomFilter(expectedEvents, maxBytes);
  }

  /** `eventId` is the event's ce_id. */
  add(eventId: string): void {
    this.#filter.add(eventId);
  }

  has(eventId: string): boolean {
    return this.#filter.has(eventId);
  }

  /** Records before that offset are deleted. */
  setFirstOffset(topic: string, partition: number, offset: bigint): void {
    this.#firstOffsets.set(`${topic}/${partition}`, offset);
  }

  /** Events of the topic that became true before then may have been deleted by its retention. */
  setRetainedSince(topic: string, sinceMs: number): void {
    this.#retainedSinceMs.set(topic, Math.max(sinceMs, this.#retainedSinceMs.get(topic) ?? 0));
  }

  isRetained({ topic, time, partition, offset }: RecordedFact): boolean {
    if (offset !== undefined) return BigInt(offset) >= (this.#firstOffsets.get(`${topic}/${partition}`) ?? 0n);
    return Date.parse(time) >= (this.#retainedSinceMs.get(topic) ?? 0);
  }

  get errorRate(): number {
    return this.#filter.errorRate;
  }
}
