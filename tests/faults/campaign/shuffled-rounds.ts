import type { Random } from './random.ts';

/** Draws at random, but each choice once before any is drawn again: short campaigns meet every fault, too. */
export function shuffledBag<T>(choices: readonly T[], random: Random): { draw(): T; readonly rounds: number } {
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
    /** That have been drawn to the end; the one under way does not count. */
    get rounds() {
      return left.length === 0 ? rounds + 1 : Math.max(rounds, 0);
    },
  };
}
