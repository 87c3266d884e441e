/** What `npm run new:service` is asked for: a name and a port that are free, and topics that exist or are new. */
import { parseArgs } from 'node:util';
import { Script } from 'node:vm';
import { eventTypes, isEventType, type EventType, type ServiceEntry } from '@order-pipeline/events';
import { entries, filesIn } from './repository.ts';
import { templateWords, wordsOf } from './template.ts';

export const usage = `npm run new:service -- <name> --consumes <events> [options]

Creates services/<name> with a handler, a repository, routes, configuration and their tests, adds the service to
packages/events/src/registry.ts, and generates everything that is derived from it.

  --consumes a,b     the events that it handles: ${eventTypes.join(', ')}
  --produces <name>  an event of its own, which it publishes for the first event of an order; default: none
  --port <number>    its HTTP port; default: the next free one
  --dry-run          prints what would be written, and writes nothing
  --help
`;

/** A request that cannot be fulfilled; the message is a sentence for the user. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

export interface ServiceRequest {
  readonly name: string;
  readonly port: number;
  readonly consumes: readonly EventType[];
  readonly produces: string | undefined;
}

export interface Arguments {
  readonly help: boolean;
  readonly dryRun: boolean;
  readonly name: string | undefined;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly port: string | undefined;
}

/** Throws RequestError for an option that does not exist, or has no value. */
export function parseArguments(args: readonly string[]): Arguments {
  const list = (values: readonly string[]): string[] =>
    values.flatMap((value) => value.split(',').map((each) => each.trim())).filter((each) => each !== '');
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        'dry-run': { type: 'boolean', default: false },
        consumes: { type: 'string', multiple: true, default: [] },
        produces: { type: 'string', multiple: true, default: [] },
        port: { type: 'string' },
      },
    });
    if (positionals.length > 1) throw new RequestError(`One name at a time, not ${positionals.join(' and ')}.`);
    const { help, 'dry-run': dryRun, consumes, produces, port } = values;
    return { help, dryRun, name: positionals[0], consumes: list(consumes), produces: list(produces), port };
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`${(error as Error).message.split('. ')[0]}. See npm run new:service -- --help.`);
  }
}

/** Users of Kafka or MongoDB that are no services, and folders that git or the build of images ignores. */
const reservedNames = ['tools', 'backup', 'restore', 'mongo-express', 'kafdrop', 'dist', 'coverage', 'fixtures'];
/** Kubernetes objects of the platform have names that begin with that of its Kafka and MongoDB clusters. */
const platformName = /^pipeline(-|$)/;
/** Kubernetes allows 63 characters, from which the names of objects of the service take up to 17. */
const maxNameLength = 40;

function isReservedWord(word: string): boolean {
  try {
    return new Script(`'use strict'; const ${word.replaceAll('-', '_')} = 0;`).cachedDataRejected === true;
  } catch {
    return true;
  }
}

const owns = ({ database, furtherDatabases = {} }: ServiceEntry, name: string): boolean =>
  database === name || Object.hasOwn(furtherDatabases, name);

/** The index of events is one of them. */
const eventFiles = (): string[] => filesIn('packages/events/src/events').map((file) => file.replace(/\.ts$/, ''));

/** `const Error = 0;` is allowed, and hides what the template means by it. */
const isGlobal = (word: string): boolean => word in globalThis;

function checkedName(name: string | undefined): string {
  if (name === undefined) throw new RequestError('Which service? Give its name: npm run new:service -- <name> …');
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name) || name.length > maxNameLength) {
    throw new RequestError(
      `"${name}" is no name for a service: use lower-case words with hyphens, such as fraud-check, of at most ` +
        `${maxNameLength} characters.`,
    );
  }
  const database = `${wordsOf(name).snake}_db`;
  const owner = entries.find((entry) => [entry.name, entry.consumerGroup].includes(name) || owns(entry, database));
  if (owner !== undefined) throw new RequestError(`The name ${name} is taken by the ${owner.name} service.`);
  const files = [...filesIn('services'), ...filesIn('helm'), ...eventFiles()];
  if ([...files, ...reservedNames].includes(name) || platformName.test(name)) {
    throw new RequestError(`The name ${name} is taken by another part of the pipeline.`);
  }
  const clash = Object.values(wordsOf(name)).find(
    (word) => templateWords().has(word) || isGlobal(word) || isReservedWord(word),
  );
  if (clash !== undefined) {
    throw new RequestError(`The name ${name} would give the code an identifier that has a meaning already: ${clash}.`);
  }
  return name;
}

/** Of Kafdrop, Mongo Express, the consumer scaler and the auditor. */
const reservedPorts = [9000, 8081, 8080, 9464];
const lowestPort = 1024;
const highestPort = 65_535;

const portOwner = (port: number): string | undefined =>
  entries.find((entry) => entry.port === port)?.name ?? (reservedPorts.includes(port) ? 'another part' : undefined);

function checkedPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < lowestPort || port > highestPort) {
    throw new RequestError(`--port: ${text} is no port; use a number from ${lowestPort} to ${highestPort}.`);
  }
  const owner = portOwner(port);
  if (owner !== undefined) throw new RequestError(`--port: ${port} is taken by ${owner} of the pipeline.`);
  return port;
}

/** The lowest free one after that of the order service, which is the first. */
function nextPort(): number {
  let port = Math.min(...entries.filter(({ role }) => role === 'on-path').map((entry) => entry.port));
  while (portOwner(port) !== undefined) port += 1;
  return port;
}

function checkedConsumes(names: readonly string[]): EventType[] {
  if (names.length === 0) throw new RequestError('Which events? Name them: --consumes shipment_processed');
  return [...new Set(names)].map((name) => {
    if (isEventType(name)) return name;
    throw new RequestError(`--consumes: there is no event ${name}; there are ${eventTypes.join(', ')}.`);
  });
}

/** Kafka allows 249 characters for a topic; an event's id has its type after the order's id. */
const maxEventLength = 60;

function checkedProduces([name, ...others]: readonly string[]): string | undefined {
  if (name === undefined) return undefined;
  if (others.length > 0) throw new RequestError('--produces takes one event; add further ones to the service later.');
  if (!/^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)+$/.test(name) || name.length > maxEventLength) {
    throw new RequestError(
      `--produces: "${name}" is no name for an event: use two or more lower-case words with underscores, such as ` +
        `points_granted, of at most ${maxEventLength} characters.`,
    );
  }
  if (isEventType(name)) {
    const owner = entries.find(({ produces }) => produces.includes(name));
    throw new RequestError(`--produces: ${name} is taken by the ${owner?.name ?? 'another'} service.`);
  }
  return name;
}

/** Throws RequestError for a name, a port or a topic that is malformed or taken. */
export const serviceRequest = (given: Arguments): ServiceRequest => ({
  name: checkedName(given.name),
  port: given.port === undefined ? nextPort() : checkedPort(given.port),
  consumes: checkedConsumes(given.consumes),
  produces: checkedProduces(given.produces),
});
