/** A real Chromium for the tests of the page: found, installed where that is possible, or asked for. */
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { run } from '../../dev/run.ts';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const installLimitMs = 600_000;

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Throws an error that says how to get one. */
async function chromiumBinary(): Promise<string> {
  const named = process.env['CHROMIUM_BINARY'];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_BINARY=${named} is not there; set it to an installed Chromium or Chrome.`);
  }
  const found = usualPlaces.find((place) => existsSync(place));
  if (found) return found;
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    process.stderr.write('Installing Chromium for the tests of the dashboard …\n');
    const options = { timeoutMs: installLimitMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], options);
    if (existsSync(usualPlaces[0]!)) return usualPlaces[0]!;
  }
  throw new Error(
    'The tests of the dashboard need Chromium: install it (apt-get install chromium, or your system’s way), or set ' +
      'CHROMIUM_BINARY to the one to use.',
  );
}

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
