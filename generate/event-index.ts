/** packages/events/src/events/all.ts: the events of all services that produce any, joined. */
import { generatedText, registryFile, type GeneratedFile } from './artifact.ts';
import { entries } from './repository.ts';

const identifier = (name: string): string => name.replaceAll(/-([a-z0-9])/g, (_, first: string) => first.toUpperCase());

export function eventIndex(): GeneratedFile {
  const producers = entries.filter(({ produces }) => produces.length > 0).map(({ name }) => name);
  const spread = (suffix: string): string => producers.map((name) => `...${identifier(name)}.${suffix},`).join('\n');
  return generatedText(
    'packages/events/src/events/all.ts',
    [registryFile],
    `${producers.map((name) => `import * as ${identifier(name)} from './${name}.ts';`).join('\n')}

export const schemas = {
${spread('schemas')}
} as const;

export const summaries = {
${spread('summaries')}
} as const;

export const samples = (orderId: string) => ({
${spread('samples(orderId)')}
});
`,
  );
}
