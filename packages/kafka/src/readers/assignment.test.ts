import { expect, test } from '@jest/globals';
import { AssignerProtocol } from 'kafkajs';
import { decodeAssignment } from './assignment.ts';

test('decodes the partitions of a member by topic', () => {
  const assignment = { order_placed: [0, 4, 8], order_cancelled: [1] };
  const bytes = AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) });
  expect(decodeAssignment(bytes)).toEqual(assignment);
});

test('is empty for a member without an assignment', () => {
  expect(decodeAssignment(Buffer.alloc(0))).toEqual({});
});
