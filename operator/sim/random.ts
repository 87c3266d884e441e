/** Seeded random numbers: the same seed gives the same run on every machine. */
export type Random = {
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
  /** The number of events of a Poisson process with this mean. */
  poisson(mean: number): number;
};

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for a simulation of a day. */
export function seeded(seed: number): Random {
  let state = (seed * 0x9e3779b9) >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    between: (from, to) => from + (to - from) * uniform(),
    poisson(mean) {
      if (mean > 20) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      // Knuth's method: multiply uniforms until the product falls below e^-mean.
      const limit = Math.exp(-mean);
      let events = 0;
      for (let product = uniform(); product > limit; product *= uniform()) events += 1;
      return events;
    },
  };
}
