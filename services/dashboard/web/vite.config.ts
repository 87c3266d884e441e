import { defineConfig } from 'vite';

/** The page: static files that the dashboard serves. `npm run dev` serves them from source, beside a running dashboard. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // The first versions with light-dark(), so that it need not be expanded for both colour schemes.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The page's Content-Security-Policy forbids the polyfill, and every browser of `target` has modulepreload.
    modulePreload: { polyfill: false },
    // An image inlined as data: would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { port: 5173, proxy: { '/api': 'http://localhost:3000' } },
});
