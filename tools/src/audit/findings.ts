/** The confirmed violations of one rule, one per order or product. */
export interface Violation {
  readonly subject: string;
  readonly detail: string;
}

const maxExamples = 100;
/** Where nearly everything is wrong, counting all of it would take hours and add nothing. */
const maxViolations = 10_000;

export class Findings {
  /** The first violations. */
  readonly examples: Violation[] = [];
  readonly #subjects = new Set<string>();

  get count(): number {
    return this.#subjects.size;
  }

  /** The rule is not checked any further, and there may be more violations. */
  get isFull(): boolean {
    return this.count === maxViolations;
  }

  add({ subject, detail }: Violation): void {
    if (this.isFull || this.#subjects.has(subject)) return;
    this.#subjects.add(subject);
    if (this.examples.length < maxExamples) this.examples.push({ subject, detail });
  }
}
