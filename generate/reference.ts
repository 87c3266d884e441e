/** docs/reference.md: the services, their topics and their settings, as the registry and the configuration schemas have them. */
import { describeSettings, type SettingRow } from '@order-pipeline/runtime';
import { topics, type ServiceEntry } from '@order-pipeline/events';
import { generatedText, registryFile, type GeneratedFile } from './artifact.ts';
import { entries, settingsOf } from './repository.ts';

const table = (...rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  return [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
};
const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ') || '–';

function servicesTable(): string {
  const databases = ({ database, collections, furtherDatabases = {} }: ServiceEntry): string =>
    code(
      Object.entries({ [database]: collections, ...furtherDatabases }).flatMap(([name, inside]) =>
        inside.map((collection) => `${name}.${collection}`),
      ),
    );
  return table(
    ['service', 'what it does', 'port', 'consumer group', 'collections'],
    ...entries.map((entry) => [
      entry.name,
      entry.description,
      String(entry.port),
      code([entry.consumerGroup]),
      databases(entry),
    ]),
  );
}

function eventsTable(): string {
  const rows = entries.flatMap(({ name, produces }) =>
    produces.map((type) => [
      `\`${type}\``,
      name,
      entries
        .filter(({ consumes }) => consumes.includes(type))
        .map((consumer) => consumer.name)
        .join(', '),
      String(topics.find((topic) => topic.name === type)?.partitions),
    ]),
  );
  return table(['event', 'produced by', 'consumed by', 'partitions'], ...rows);
}

/** Settings with the same meaning in every service come first, as one row each. */
async function settingsTable(): Promise<string> {
  const byName = new Map<string, { row: SettingRow; services: string[] }>();
  for (const { name } of entries) {
    for (const row of describeSettings(await settingsOf(name))) {
      const known = byName.get(row.name);
      if (!known) byName.set(row.name, { row, services: [name] });
      else {
        known.services.push(name);
        if (known.row.default !== row.default)
          known.row = { ...known.row, default: `${known.row.default}, ${row.default}` };
      }
    }
  }
  const rows = [...byName.values()].toSorted((a, b) => b.services.length - a.services.length);
  return table(
    ['variable', 'service', 'default', 'meaning'],
    ...rows.map(({ row, services }) => [
      `\`${row.name}\``,
      services.length === entries.length ? 'every' : services.join(', '),
      row.default,
      row.description.replaceAll('|', '\\|') +
        (row.formerName === undefined ? '' : `; formerly ${row.formerName}, which is still read`),
    ]),
  );
}

export async function reference(): Promise<GeneratedFile> {
  return generatedText(
    'docs/reference.md',
    [registryFile, 'services/*/src/config.ts'],
    `# Reference

## Services

${servicesTable()}

Each group has a dead-letter topic, \`<group>.dlq\`, and
\`<group>.dlq.resolved\`, which records what became of its dead letters.

## Events

Each event type is a topic; [asyncapi.json](asyncapi.json) has the schemas.

${eventsTable()}

## Settings

Environment variables, read once at start. An empty one counts as unset. At an invalid value the process reports every
error at once and exits 1.

${await settingsTable()}
`,
  );
}
