/** What a release's events look like: kept per release, so that a later one can be held against it. */
import { z } from 'zod';
import { eventJsonSchemas } from './asyncapi.ts';
import { sampleEvents } from './sample-events.ts';

const json = z.record(z.string(), z.unknown());

export const releaseSchema = z.object({
  version: z.string(),
  schemas: z.record(z.string(), json),
  samples: z.array(z.object({ type: z.string(), data: json })),
});
export type Release = z.output<typeof releaseSchema>;

export const releaseOf = (version: string): Release => ({
  version,
  schemas: eventJsonSchemas() as Release['schemas'],
  samples: Object.values(sampleEvents()).map(({ type, data }) => ({ type, data })),
});
