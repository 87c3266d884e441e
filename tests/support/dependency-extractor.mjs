/**
 * Jest finds the tests of a changed file by imports. The tests start services and generators as processes and build the
 * dashboard's page, which are no imports; they are added here to the files that do this.
 */
import { readdirSync } from 'node:fs';

const services = readdirSync(new URL('../../services', import.meta.url));
const added = {
  '/dev/pipeline.ts': services.map((name) => `../services/${name}/src/main.ts`),
  '/dev/page-build.ts': ['../services/dashboard/web/src/main.tsx'],
  '/tests/generate/a-new-service-changes-only-its-own-files.test.ts': [
    '../../generate/generate.ts',
    '../../generate/new-service.ts',
  ],
};

/** Jest caches the result by the content of the file, and by this. */
export const getCacheKey = () => JSON.stringify(added);

export function extract(code, file, extractImports) {
  const more = Object.entries(added).flatMap(([name, files]) => (file.endsWith(name) ? files : []));
  return new Set([...extractImports(code), ...more]);
}
