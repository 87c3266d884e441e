/** The lines of an order that is followed: each step once, when all is known of it or there is no more to wait for. Pure. */
import { duration } from '../order/explain.ts';
import type { Step } from '../order/timeline.ts';

/** So long the relay may take to publish a step; then it is shown as one that is not published. */
const publishedWithinMs = 2_000;

export class Steps {
  readonly #shown = new Set<string>();
  #firstMs: number | undefined;
  /** Every step that was given has been shown. */
  isComplete = false;

  /** The lines to show now. */
  next(steps: readonly Step[], now: Date): string[] {
    this.#firstMs ??= Date.parse(steps[0]?.time ?? now.toISOString());
    const lines: string[] = [];
    this.isComplete = true;
    for (const step of steps) {
      const key = `${step.topic}:${step.status}`;
      if (this.#shown.has(key)) continue;
      const isPlaced = step.partition !== null && step.offset !== null;
      const hasWaited = now.getTime() - Date.parse(step.time) > publishedWithinMs;
      if (!isPlaced && !hasWaited) {
        this.isComplete = false;
        // What follows stays behind it, so that the lines are in the order of the steps.
        break;
      }
      this.#shown.add(key);
      lines.push(this.#line(step));
    }
    return lines;
  }

  #line({ time, topic, status, partition, offset, published, reason }: Step): string {
    const after = `+${duration(Date.parse(time) - (this.#firstMs ?? 0))}`;
    const place = published ? `${partition ?? '?'}/${offset ?? '?'}` : 'not published yet';
    return [time, after.padEnd(8), topic.padEnd(18), status.padEnd(10), place, reason ?? ''].join('  ').trimEnd();
  }
}
