/** Settings: one zod schema per service, read from the environment once at start, every fault reported at once. */
import { hostname } from 'node:os';
import { z } from 'zod';

/** Thrown by readConfig; its message has one line per faulty variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

export const isConfigError = (error: unknown): error is ConfigError => (error as Error | null)?.name === 'ConfigError';

export type Setting<T> = z.ZodType<T, string | undefined>;

/** A setting of a kind that has no helper here; `parse` returns undefined for text that is not `expectation`. */
export function setting<T>(expectation: string, parse: (text: string) => T | undefined, fallback?: T): Setting<T> {
  const schema = z.string(`must be ${expectation}`).transform((text, ctx) => {
    const value = parse(text);
    if (value !== undefined) return value;
    ctx.addIssue({ code: 'custom', message: `must be ${expectation}` });
    return z.NEVER;
  });
  return fallback === undefined ? schema : schema.default(fallback as never);
}

interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Without a default the variable is required. */
  readonly default?: number;
}

function numeric(kind: string, form: RegExp, range: NumberRange): Setting<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = range;
  const atLeast = range.min === undefined ? '' : ` of at least ${min}`;
  const bounds = range.max === undefined ? atLeast : ` from ${range.min ?? 'any'} to ${max}`;
  const parse = (text: string) => {
    const value = form.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return setting(`${kind}${bounds}`, parse, range.default);
}

export const integer = (range: NumberRange = {}) => numeric('an integer', /^-?\d{1,16}$/, range);
/** A number with an optional fraction, such as a rate; money has its own type. */
export const decimal = (range: NumberRange = {}) => numeric('a number', /^-?\d{1,16}(\.\d{1,16})?$/, range);
/** Whole milliseconds; at most a day unless `max` says otherwise, because a timer silently overflows at 24.8 days. */
export const durationMs = (range: NumberRange = {}) =>
  numeric('whole milliseconds', /^\d{1,16}$/, { min: 0, max: 86_400_000, ...range });
/** A TCP port; 0 lets the system choose. */
export const port = (fallback?: number) =>
  integer({ min: 0, max: 65_535, ...(fallback === undefined ? {} : { default: fallback }) }).describe(
    'TCP port of the HTTP server; 0 takes a free one',
  );

/** A comma-separated list with at least one entry. */
export const csv = (options: { readonly default?: readonly string[] } = {}): Setting<readonly string[]> =>
  setting<readonly string[]>(
    'a comma-separated list',
    (text) => {
      const entries = text.split(',').map((entry) => entry.trim());
      return entries.every((entry) => entry !== '') ? entries : undefined;
    },
    options.default,
  );

export const flag = (options: { readonly default?: boolean } = {}): Setting<boolean> =>
  setting<boolean>('true or false', (text) => ({ true: true, false: false })[text], options.default);

/** Settings that every service has. Spread into its schema: `z.object({ ...commonSettings, PORT: port(8001) })`. */
export const commonSettings = {
  PORT: port(3000),
  HOST: z.string().default('0.0.0.0').describe('Address that the HTTP server listens on'),
  KAFKA_BOOTSTRAP_SERVERS: csv({ default: ['localhost:9092'] }).describe('Kafka brokers, comma-separated host:port'),
  MONGODB_URI: setting(
    'a mongodb:// or mongodb+srv:// connection string',
    (text) => (/^mongodb(\+srv)?:\/\/\S+$/.test(text) ? text : undefined),
    'mongodb://localhost:27017/?replicaSet=rs0',
  ).describe('MongoDB replica set'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged'),
  INSTANCE_ID: z
    .string()
    .default(hostname())
    .meta({ description: 'Name of this replica in logs and metrics', defaultText: "the host's name" }),
  SHUTDOWN_TIMEOUT_MS: durationMs({ min: 1, default: 10_000 }).describe(
    'Milliseconds from SIGTERM until the process gives up draining and exits 1',
  ),
  SHUTDOWN_LINGER_MS: durationMs({ min: 0, default: 300 }).describe(
    'Milliseconds after SIGTERM in which a kept HTTP connection is still served, with Connection: close',
  ),
};

/** A value that may hold a password must not be repeated in an error message. */
const isSecret = (name: string) => /URI|TOKEN|SECRET|PASSWORD|KEY/.test(name);

type Environment = Readonly<Record<string, string | undefined>>;

const isGiven = (env: Environment, name: string): boolean => (env[name]?.trim() ?? '') !== '';

const warnings = new WeakMap<object, readonly string[]>();

/** One sentence for each variable that was given under its former name; a service logs them once, at start. */
export const configWarnings = (config: object): readonly string[] => warnings.get(config) ?? [];

/**
 * Settings of a service from the environment. Surrounding space is ignored and an empty value counts as unset. A setting
 * whose metadata names a `formerName` is also read under that name, where the present one is unset.
 * Throws ConfigError naming every faulty variable.
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: Environment = process.env): Readonly<z.output<S>> {
  const given: Record<string, string> = {};
  /** Which variable each value was read from. */
  const variables: Record<string, string> = {};
  const renamed: string[] = [];
  for (const { name, formerName } of describeSettings(schema)) {
    const former = formerName !== undefined && isGiven(env, formerName) ? formerName : undefined;
    const variable = isGiven(env, name) ? name : former;
    if (variable !== undefined) {
      given[name] = env[variable]!.trim();
      variables[name] = variable;
    }
    if (former !== undefined) {
      renamed.push(
        `${former} has a new name, ${name}${variable === name ? ', which is set too and takes precedence' : ''}`,
      );
    }
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) {
    warnings.set(parsed.data, renamed);
    return Object.freeze(parsed.data);
  }
  const faults = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    if (name === '') return issue.message;
    const variable = variables[name];
    if (variable === undefined) return `${name} is not set: ${issue.message}`;
    return isSecret(name)
      ? `${variable}: ${issue.message}`
      : `${variable}=${JSON.stringify(given[name])}: ${issue.message}`;
  });
  throw new ConfigError([...new Set(faults)]);
}

export interface SettingRow {
  readonly name: string;
  /** As written in the environment; "required" or "unset" where there is none. */
  readonly default: string;
  readonly description: string;
  /** The name that it had in an earlier release, which is still read. */
  readonly formerName?: string;
}

const innerOf = (type: z.ZodType) => (type.def as { innerType?: z.ZodType }).innerType;

/** Rows of a settings table, in the schema's order. */
export function describeSettings(schema: z.ZodObject): SettingRow[] {
  return Object.entries(schema.shape).map(([name, type]) => ({ name, ...describeSetting(type as z.ZodType) }));
}

/** Unwraps what `.optional()`, `.default()` and the like put around a type. */
function describeSetting(type: z.ZodType): Omit<SettingRow, 'name'> {
  let description: string | undefined;
  let fallback: string | undefined;
  let formerName: string | undefined;
  for (let inner: z.ZodType | undefined = type; inner !== undefined; inner = innerOf(inner)) {
    const meta = z.globalRegistry.get(inner);
    description ??= meta?.description;
    fallback ??= meta?.['defaultText'] as string | undefined;
    formerName ??= meta?.['formerName'] as string | undefined;
    if (inner instanceof z.ZodDefault) fallback ??= String(inner.def.defaultValue);
    if (inner instanceof z.ZodOptional) fallback ??= 'unset';
  }
  return { default: fallback ?? 'required', description: description ?? '', ...(formerName && { formerName }) };
}
