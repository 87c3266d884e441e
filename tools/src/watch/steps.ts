/** The lines of an order that is followed: each step once, as soon as all is known about it. Pure. */
import { duration } from '../duration.ts';
import type { Step } from '../order/timeline.ts';

/** How long a step waits for its offset; then it is shown as not published. */
const publishLimitMs = 2_000;

export class Steps {
  readonly #shown = new Set<string>();
  #firstMs: number | undefined;
  /** Every step so far has been shown. */
  isComplete = false;

  /** The lines to show now. */
  next(steps: readonly Step[], now: Date): string[] {
    this.#firstMs ??= Date.parse(steps[0]?.time ?? now.toISOString());
    const lines: string[] = [];
    this.isComplete = true;
    for (const step of steps) {
      const key = `${step.topic}:${step.status}`;
      if (this.#shown.has(key)) continue;
      const isPublished = step.partition !== null && step.offset !== null;
      const hasWaited = now.getTime() - Date.parse(step.time) > publishLimitMs;
      if (!isPublished && !hasWaited) {
        this.isComplete = false;
        // Later steps wait too, so that the lines are in the order of the steps.
        break;
      }
      this.#shown.add(key);
      lines.push(this.#line(step));
    }
    return lines;
  }

  #line({ time, topic, status, partition, offset, published, reason }: Step): string {
    const after = `+${duration(Date.parse(time) - (this.#firstMs ?? 0))}`;
    const position = published ? `${partition ?? '?'}/${offset ?? '?'}` : 'not published yet';
    return [time, after.padEnd(8), topic.padEnd(18), status.padEnd(10), position, reason ?? ''].join('  ').trimEnd();
  }
}
