/** docs/asyncapi.json, and the events of this release as packages/events/releases keeps them for later releases to be compared. */
import { asyncApiDocument } from '@order-pipeline/events';
import { releaseOf } from '../packages/events/src/release.ts';
import { generatedJson, type GeneratedFile } from './artifact.ts';
import { readPart, readText } from './repository.ts';

const sources = ['packages/events/src'];

export function eventDocs(): GeneratedFile[] {
  const { version } = JSON.parse(readText('packages/events/package.json')) as { version: string };
  const kept = `packages/events/releases/${version}.json`;
  return [
    generatedJson('docs/asyncapi.json', sources, asyncApiDocument(), 'x-generated'),
    // What was released once is never rewritten.
    { path: kept, text: readPart(kept) ?? JSON.stringify(releaseOf(version)) },
  ];
}
