/** The web page as Vite builds it: a few files, read once at start, whose names contain a hash of their content. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { notFound, route, unavailable, type AppOptions, type Route } from '@order-pipeline/http';

const builtPage = fileURLToPath(new URL('../web/dist/', import.meta.url));

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

/**
 * Only this origin's own files, no inline script or style, and no text that becomes markup: with Trusted Types the browser
 * refuses to parse a string as HTML.
 */
export const pageSecurity: NonNullable<AppOptions['helmet']> = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: ["'none'"],
    },
  },
  // HSTS is up to the proxy that terminates TLS.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
};

export function createPageRoutes(folder = builtPage): Route[] {
  const files = existsSync(folder) ? readFiles(folder, ['', 'assets']) : new Map<string, PageFile>();

  const serve = (name: string, accepts: string | undefined, cacheControl: string) => {
    const file = files.get(name);
    if (!file) {
      if (files.size === 0) {
        throw unavailable('The page is not built: run npm run build -w services/dashboard, then restart the dashboard');
      }
      throw notFound('There is nothing at this path');
    }
    const gzip = /\bgzip\b/u.test(accepts ?? '');
    return {
      status: 200,
      body: gzip ? file.gzipped : file.plain,
      headers: {
        'Content-Type': file.type,
        'Cache-Control': cacheControl,
        Vary: 'Accept-Encoding',
        ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
      },
    } as const;
  };

  const headers = z.object({ 'accept-encoding': z.string().optional() });
  const page = (path: string, name: string, operationId: string): Route =>
    route({
      method: 'GET',
      path,
      operationId,
      summary: `Get the web page (${name})`,
      headers,
      query: z.looseObject({}),
      responses: { 200: { description: 'The file.', contentType: contentTypes[extname(name)]! } },
      handle: ({ headers }) => serve(name, headers['accept-encoding'], 'no-cache'),
    });

  const asset = route({
    method: 'GET',
    path: '/assets/{name}',
    operationId: 'getAsset',
    summary: 'Get a file of the page, whose name changes with its content',
    params: z.object({ name: z.string().max(100) }),
    headers,
    responses: { 200: { description: 'The file.', contentType: 'text/javascript' } },
    handle: ({ params, headers }) =>
      serve(`assets/${params.name}`, headers['accept-encoding'], 'public, max-age=31536000, immutable'),
  });

  return [page('/', 'index.html', 'getPage'), page('/favicon.svg', 'favicon.svg', 'getIcon'), asset];
}

function readFiles(root: string, folders: readonly string[]): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder))) {
      const type = contentTypes[extname(name)];
      if (type === undefined) continue;
      const plain = readFileSync(join(root, folder, name));
      files.set(folder === '' ? name : `${folder}/${name}`, { type, plain, gzipped: gzipSync(plain, { level: 9 }) });
    }
  }
  return files;
}
