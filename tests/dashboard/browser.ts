/** A real Chromium for the tests of the page. */
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { installLimitMs, systemProgram } from '../support/system-program.ts';

const chromiumBinary = (): Promise<string> =>
  systemProgram({
    name: 'Chromium',
    neededBy: 'The tests of the dashboard',
    variable: 'CHROMIUM_BINARY',
    places: [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    packages: ['chromium', 'fonts-dejavu-core'],
  });

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser {
  /** Opens a page in a context of its own, which shares no state with others; it is closed after the test. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
}

/** Fails a test whose page sends a request to another origin, or logs an error or a warning. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  let violations: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: await chromiumBinary(), args: flags });
  }, installLimitMs);
  afterEach(async () => {
    await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
    const found = violations;
    violations = [];
    expect(found).toEqual([]);
  });
  afterAll(() => browser?.close());

  return {
    async open(url, options = {}) {
      const context = await browser!.newContext({ viewport: wide, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      const { origin } = new URL(url);
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== origin) violations.push(`request to another origin: ${request.url()}`);
      });
      page.on('console', (message) => {
        // Chromium logs every error response, which the tests provoke; everything else is a fault of the page.
        const isErrorResponse = message.text().startsWith('Failed to load resource');
        if (['error', 'warning'].includes(message.type()) && !isErrorResponse) violations.push(message.text());
      });
      page.on('pageerror', (error) => violations.push(error.message));
      await page.goto(url);
      return page;
    },
  };
}

export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };
