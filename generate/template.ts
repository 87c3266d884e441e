/**
 * The template of a service: real files, type-checked, linted and tested, of a service "order-note". It takes the place of
 * the shipment service in the registry, and the event order_cancelled takes the place of one of its own.
 */
import { readText, filesIn } from './repository.ts';

const folder = 'generate/template';

/** The forms in which the name of a service appears in code. */
export const wordsOf = (name: string) => ({
  kebab: name,
  snake: name.replaceAll('-', '_'),
  camel: name.replaceAll(/-(.)/g, (_, first: string) => first.toUpperCase()),
  pascal: name.replaceAll(/(?:^|-)(.)/g, (_, first: string) => first.toUpperCase()),
});

const standIn = wordsOf('order-note');

/** Every word of the template but the stand-in's: what a service must not be named after. */
export function templateWords(): ReadonlySet<string> {
  const text = ['src', 'producing', 'events']
    .flatMap((part) => filesIn(`${folder}/${part}`).map((name) => readText(`${folder}/${part}/${name}`)))
    .join('\n');
  const own: readonly string[] = Object.values(standIn);
  return new Set([...text.matchAll(/[A-Za-z_$][\w$]*/g)].map(([word]) => word).filter((word) => !own.includes(word)));
}

/** The last word of an event's name, which says what happened. */
const statusOf = (produces: string): string => produces.split('_').at(-1)!.toUpperCase();

function filledIn(text: string, name: string, produces: string | undefined): string {
  const words = wordsOf(name);
  const entry = words.camel === name ? `everyService.${name}` : `everyService['${name}']`;
  let filled = text.replaceAll('everyService.shipment', entry);
  for (const form of ['pascal', 'camel', 'snake', 'kebab'] as const) {
    filled = filled.replaceAll(standIn[form], words[form]);
  }
  if (produces === undefined) return filled;
  return filled.replaceAll('order_cancelled', produces).replaceAll('CANCELLING', statusOf(produces));
}

/** The files of a service, by their paths in services/<name>/src. */
export function sourceFiles(name: string, produces: string | undefined): [path: string, text: string][] {
  const own = produces === undefined ? [] : filesIn(`${folder}/producing`);
  return filesIn(`${folder}/src`).map((file) => [
    file.replaceAll(standIn.kebab, name),
    filledIn(readText(`${folder}/${own.includes(file) ? 'producing' : 'src'}/${file}`), name, produces),
  ]);
}

export const eventsFile = (name: string, produces: string): string =>
  filledIn(readText(`${folder}/events/order-note.ts`), name, produces).replaceAll(
    '../../../packages/events/src/',
    '../',
  );
