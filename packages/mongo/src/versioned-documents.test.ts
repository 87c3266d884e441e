import { describe, expect, test } from '@jest/globals';
import { changedFields, type Versioned } from './versioned-documents.ts';

interface Parcel extends Versioned {
  readonly status: string;
  readonly lines: readonly string[];
  readonly at?: Date;
}

const before: Parcel = { _id: 'a', version: 4, status: 'NEW', lines: ['x'], at: new Date(0) };

describe('the fields that a write sets', () => {
  test('are those whose value differs from the one that was read', () => {
    expect(changedFields(before, { ...before, status: 'SENT' })).toEqual({ status: 'SENT' });
    expect(changedFields(before, { ...before })).toEqual({});
  });

  test('are compared by identity: a decision copies what it changes', () => {
    expect(changedFields(before, { ...before, lines: [...before.lines] })).toEqual({ lines: ['x'] });
    expect(changedFields(before, { ...before, lines: before.lines })).toEqual({});
  });

  test('are all fields of a new document except its id', () => {
    expect(changedFields(undefined, before)).toEqual({ version: 4, status: 'NEW', lines: ['x'], at: new Date(0) });
  });

  test('include one that is new', () => {
    const { at: _, ...without } = before;
    expect(changedFields<Parcel>(without, { ...without, at: new Date(7) })).toEqual({ at: new Date(7) });
  });
});
