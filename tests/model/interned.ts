/** Represents values as small numbers, so that a state of the whole pipeline is a short string. */
export class Interned<T> {
  readonly #idOf = new Map<string, number>();
  readonly #values: T[] = [];

  /** The same id for equal values, whatever the order of their fields. */
  id(value: T): number {
    const key = canonical(value);
    const known = this.#idOf.get(key);
    if (known !== undefined) return known;
    const id = this.#values.length;
    if (id > 0xffff) throw new Error('more values than one character of a state can represent');
    this.#idOf.set(key, id);
    this.#values.push(value);
    return id;
  }

  get size(): number {
    return this.#values.length;
  }

  get(id: number): T {
    return this.#values[id]!;
  }
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? 'undefined';

/** Caches the results of a pure function: the search calls it millions of times with few distinct arguments. */
export function memoized<Args extends readonly number[], Result>(compute: (...args: Args) => Result) {
  const results = new Map<number | string, Result>();
  return (...args: Args): Result => {
    const [first = 0, second = 0, third = 0] = args;
    // Three ids fit into the 53 bits of a number, which is the faster key.
    const key = args.length <= 3 ? (first * 0x1_0000 + second) * 0x1_0000 + third : String.fromCharCode(...args);
    let result = results.get(key);
    if (result === undefined) {
      result = compute(...args);
      results.set(key, result);
    }
    return result;
  };
}
