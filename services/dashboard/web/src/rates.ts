/** Counts per second over the last seconds. */
export class RateMeter {
  readonly #counts: number[];
  #second = 0;

  constructor(seconds: number) {
    this.#counts = Array.from({ length: seconds }, () => 0);
  }

  add(count: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#counts[this.#counts.length - 1]! += count;
  }

  /** Mean of the last complete seconds, without the current one, which is incomplete. */
  perSecond(seconds: number, nowMs: number): number {
    this.#advance(nowMs);
    const whole = this.#counts.slice(-1 - seconds, -1);
    return whole.reduce((sum, count) => sum + count, 0) / seconds;
  }

  /** One count per complete second, oldest first. */
  history(nowMs: number): readonly number[] {
    this.#advance(nowMs);
    return this.#counts.slice(0, -1);
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const passed = Math.min(this.#counts.length, Math.max(0, second - this.#second));
    for (let i = 0; i < passed; i += 1) {
      this.#counts.shift();
      this.#counts.push(0);
    }
    this.#second = Math.max(this.#second, second);
  }
}
