/** The tree that is generated from and into. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { everyService, type ServiceEntry } from '@order-pipeline/events';

export const repository = fileURLToPath(new URL('..', import.meta.url));

export const entries: readonly ServiceEntry[] = Object.values(everyService);

export const readText = (path: string): string => readFileSync(join(repository, path), 'utf8');
/** Undefined where there is no such file. */
export const readPart = (path: string): string | undefined =>
  existsSync(join(repository, path)) ? readText(path) : undefined;
export const filesIn = (folder: string): string[] =>
  existsSync(join(repository, folder)) ? readdirSync(join(repository, folder)).toSorted() : [];

export const release = (JSON.parse(readText('package.json')) as { version: string }).version;

/** The schema of the settings that a service reads from its environment. */
export async function settingsOf(service: string): Promise<z.ZodObject> {
  const config = pathToFileURL(join(repository, 'services', service, 'src/config.ts')).href;
  return ((await import(config)) as { settings: z.ZodObject }).settings;
}
