import type { Random } from './random.ts';

/** Draws at random, but each choice once per round: even a short campaign has every fault. */
export function shuffledRounds<T>(choices: readonly T[], random: Random): { draw(): T; readonly rounds: number } {
  let left: T[] = [];
  let rounds = -1;
  return {
    draw() {
      if (left.length === 0) {
        left = [...choices];
        rounds += 1;
      }
      return left.splice(random.whole(0, left.length - 1), 1)[0]!;
    },
    /** Completed rounds. */
    get rounds() {
      return left.length === 0 ? rounds + 1 : Math.max(rounds, 0);
    },
  };
}
