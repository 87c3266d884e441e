const unitsMs = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Text such as "3 min": rounded down to the largest unit, which is exact enough in a sentence. */
export function duration(ms: number): string {
  const [unit, unitMs] = unitsMs.find(([, each]) => ms >= each) ?? ['ms', 1];
  return `${Math.max(0, Math.floor(ms / unitMs))} ${unit}`;
}
