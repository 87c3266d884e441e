import { expect, test } from '@jest/globals';
import type { GroupState } from '@order-pipeline/kafka';
import { RebalanceLog } from './rebalance-log.ts';

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

test('logs a rebalance when it begins, and with the moved partitions when the group is stable again', () => {
  const log = new RebalanceLog();
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

test('logs a rebalance that began and ended between two observations by its result', () => {
  const log = new RebalanceLog();
  log.observe(group('Stable', member('a', 0, 1)), at(0));
  log.observe(group('Stable', member('b', 0, 1)), at(2));
  expect(log.entries()).toMatchObject([{ state: 'Stable', members: 1, moved: 2 }]);
});

test('logs nothing for the first observation, nor while a group does not change', () => {
  const log = new RebalanceLog();
  for (const second of [0, 1, 2]) log.observe(group('Stable', member('a', 0, 1)), at(second));
  expect(log.entries()).toEqual([]);
});

test('keeps a limited number of entries', () => {
  const log = new RebalanceLog();
  for (let n = 0; n < 500; n += 1) log.observe(group('Stable', member(`m${n}`, 0)), at(n));
  expect(log.entries()).toHaveLength(50);
});
