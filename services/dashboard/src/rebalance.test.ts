import { expect, test } from '@jest/globals';
import type { GroupState } from '@order-pipeline/kafka';
import { createRebalanceLog } from './rebalance.ts';

const member = (id: string, ...partitions: number[]): GroupState['members'][number] => ({
  id,
  client: id,
  host: '127.0.0.1',
  assignment: partitions.length === 0 ? {} : { order_placed: partitions },
});
const group = (state: string, ...members: GroupState['members'][number][]): GroupState => ({
  group: 'payment-service',
  state,
  members,
});
const at = (second: number): Date => new Date(second * 1_000);

test('a rebalance is told as it begins and with what it moved when it is settled', () => {
  const log = createRebalanceLog();
  log.observe(group('Stable', member('a', 0, 1, 2, 3)), at(0));
  log.observe(group('PreparingRebalance', member('a'), member('b')), at(1));
  log.observe(group('Stable', member('a', 0, 2), member('b', 1, 3)), at(2));
  expect(log.entries()).toEqual([
    { at: at(2).toISOString(), group: 'payment-service', state: 'Stable', members_before: 1, members: 2, moved: 2 },
    {
      at: at(1).toISOString(),
      group: 'payment-service',
      state: 'PreparingRebalance',
      members_before: 1,
      members: 2,
      moved: 0,
    },
  ]);
});

test('a rebalance between two looks shows by its result', () => {
  const log = createRebalanceLog();
  log.observe(group('Stable', member('a', 0, 1)), at(0));
  log.observe(group('Stable', member('b', 0, 1)), at(2));
  expect(log.entries()).toMatchObject([{ state: 'Stable', members: 1, moved: 2 }]);
});

test('a group that stays as it is gives nothing to tell, and the first look neither', () => {
  const log = createRebalanceLog();
  for (const second of [0, 1, 2]) log.observe(group('Stable', member('a', 0, 1)), at(second));
  expect(log.entries()).toEqual([]);
});

test('the log has an end', () => {
  const log = createRebalanceLog();
  for (let n = 0; n < 500; n += 1) log.observe(group('Stable', member(`m${n}`, 0)), at(n));
  expect(log.entries()).toHaveLength(50);
});
