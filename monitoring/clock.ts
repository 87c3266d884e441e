/** Durations in rules. A test lets them pass faster than production does. */
export interface Clock {
  /** As PromQL and the rules' `for` take it. */
  span(seconds: number): string;
  /** As a number in an expression. */
  seconds(seconds: number): number;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

export const wallClock: Clock = {
  span(seconds) {
    const [unit, length] = units.find(([, length]) => seconds % length === 0) ?? ['s', 1];
    return `${seconds / length}${unit}`;
  },
  seconds: (seconds) => seconds,
};

/** `factor` times as fast as the wall clock. */
export const fastClock = (factor: number): Clock => ({
  span: (seconds) => `${Math.max(1, Math.round((seconds * 1_000) / factor))}ms`,
  seconds: (seconds) => seconds / factor,
});
