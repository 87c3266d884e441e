import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { assign, candidates, maxOwners } from './assignment.ts';

const topics = (...counts: number[]) => counts.flatMap((count, topic) => Array<string>(count).fill(`t${topic}`));

describe('the assignment that the group would get', () => {
  test('round-robin assigns the partitions of all topics in turn', () => {
    expect(assign(topics(3, 2), 2, 'RoundRobinAssigner')).toEqual([0, 1, 0, 1, 0]);
  });

  test('range assigns each topic separately, so members beyond the largest topic own nothing', () => {
    expect(assign(topics(3, 3), 2, 'range')).toEqual([0, 0, 1, 0, 0, 1]);
    expect(assign(topics(2, 2), 3, 'range')).toEqual([0, 1, 0, 1]);
    expect(maxOwners(topics(12, 6), 'range')).toBe(12);
    expect(maxOwners(topics(12, 6), 'RoundRobinAssigner')).toBe(18);
  });

  test('every partition has an owner, and the members of a topic differ by at most one partition', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('range', 'RoundRobinAssigner'),
        (partitions, members, assignor) => {
          const names = topics(...partitions);
          const owners = assign(names, members, assignor);
          expect(owners.every((owner) => owner >= 0 && owner < members)).toBe(true);
          for (const topic of new Set(names)) {
            const owned = Array.from(
              { length: members },
              (_, member) => owners.filter((owner, index) => owner === member && names[index] === topic).length,
            );
            expect(Math.max(...owned) - Math.min(...owned)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});

describe('candidates', () => {
  test('are the smallest of each class of partitions per replica', () => {
    expect(candidates(12, 12)).toEqual([1, 2, 3, 4, 6, 12]);
    expect(candidates(24, 24)).toEqual([1, 2, 3, 4, 5, 6, 8, 12, 24]);
    expect(candidates(13, 13)).toEqual([1, 2, 3, 4, 5, 7, 13]);
  });

  test('include the limit, and no number above it', () => {
    expect(candidates(12, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(candidates(12, 1)).toEqual([1]);
  });

  test('count members where a pod runs several consumers', () => {
    expect(candidates(12, 4, 3)).toEqual([1, 2, 4]);
  });
});
