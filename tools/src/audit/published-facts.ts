/** Which events the topics hold, and from where and when on they hold all of them. */
import { BloomFilter } from './bloom-filter.ts';

/** Enough for 16 million orders at one wrong answer in a million. */
const maxBytes = 256 * 1024 * 1024;

export interface Told {
  readonly topic: string;
  /** When it became true. */
  readonly time: string;
  /** Where its event was seen, as far as that is known. */
  readonly partition?: number;
  readonly offset?: string;
}

export class PublishedFacts {
  readonly #filter: BloomFilter;
  readonly #beginnings = new Map<string, bigint>();
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

  /** What stood before that offset is deleted. */
  noteBeginning(topic: string, partition: number, offset: bigint): void {
    this.#beginnings.set(`${topic}/${partition}`, offset);
  }

  /** Events of the topic that became true before then may have been deleted by its retention. */
  noteRetention(topic: string, sinceMs: number): void {
    this.#retainedSinceMs.set(topic, Math.max(sinceMs, this.#retainedSinceMs.get(topic) ?? 0));
  }

  isRetained({ topic, time, partition, offset }: Told): boolean {
    if (offset !== undefined) return BigInt(offset) >= (this.#beginnings.get(`${topic}/${partition}`) ?? 0n);
    return Date.parse(time) >= (this.#retainedSinceMs.get(topic) ?? 0);
  }

  get errorRate(): number {
    return this.#filter.errorRate;
  }
}
