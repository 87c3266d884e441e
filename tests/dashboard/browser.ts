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
  /** A page in a context of its own, with nothing kept from others; closed after the test. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
}

/** After each test: nothing was asked of another origin, and nothing was said on the console. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  let complaints: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: await chromiumBinary(), args: flags });
  }, installLimitMs);
  afterEach(async () => {
    await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
    const found = complaints;
    complaints = [];
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
        if (new URL(request.url()).origin !== origin) complaints.push(`asked another origin: ${request.url()}`);
      });
      page.on('console', (message) => {
        // What the server refuses on purpose, Chromium reports as failed to load; all else is a fault of the page.
        const refused = message.text().startsWith('Failed to load resource');
        if (['error', 'warning'].includes(message.type()) && !refused) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(url);
      return page;
    },
  };
}

export const wide = { width: 1440, height: 900 };
export const narrow = { width: 390, height: 844 };
