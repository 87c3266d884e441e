import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { settingsTable, withSettingsTable } from './settings-table.ts';

describe('the table of settings', () => {
  test('names every variable with its default and meaning', () => {
    expect(settingsTable()).toContain('| `PORT` | every | 8001, 8002, 8003, 8004, 3000 |');
    expect(settingsTable()).not.toMatch(/\|\s*\|$/mu);
  });

  test('is current in the README (npm run docs rewrites it)', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(withSettingsTable(readme)).toBe(readme);
  });
});
