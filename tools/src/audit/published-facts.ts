/** Which events the topics hold, and from when on they hold all of them. */
import { BloomFilter } from './bloom-filter.ts';

/** Enough for 16 million orders at one wrong answer in a million. */
const maxBytes = 256 * 1024 * 1024;

export class PublishedFacts {
  readonly #filter: BloomFilter;
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

  /** Events of the topic that became true before then may have been deleted by its retention. */
  noteRetention(topic: string, sinceMs: number): void {
    this.#retainedSinceMs.set(topic, Math.max(sinceMs, this.#retainedSinceMs.get(topic) ?? 0));
  }

  isRetained(topic: string, time: string): boolean {
    return Date.parse(time) >= (this.#retainedSinceMs.get(topic) ?? 0);
  }

  get errorRate(): number {
    return this.#filter.errorRate;
  }
}
