import { defineConfig } from 'vite';

/** The page: static files that the dashboard service serves. `npm run dev` serves them from source, next to a running one. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // From these on browsers know light-dark(), which else would be written out for both schemes.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The policy of the page forbids what the polyfill does, and every browser that we ask for knows how by itself.
    modulePreload: { polyfill: false },
    // An image inlined as data: would need an exception in the policy.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { port: 5173, proxy: { '/api': 'http://localhost:3000' } },
});
