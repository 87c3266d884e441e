/** The screens on which every view is tested, and its screenshots in docs/screenshots. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { narrow, wide } from './browser.ts';

export const screens = {
  wide: { viewport: wide, colorScheme: 'light' },
  narrow: { viewport: narrow, colorScheme: 'dark', reducedMotion: 'reduce' },
} as const;

/** Waits until no card moves between two lanes. */
export const untilAnimationsEnd = (page: Page): Promise<void> =>
  eventually(async () => expect(await page.evaluate('document.getAnimations().length')).toBe(0));

/** `UPDATE_SCREENSHOTS=1 npm test -- tests/dashboard/every-view` renews them. */
export async function keepScreenshot(page: Page, view: string, screen: string): Promise<void> {
  const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}${view}-${screen}.png`, fullPage: true });
}
