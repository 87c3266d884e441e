/**
 * The values.schema.json of each service's chart: what all charts take (helm/service-lib/service.schema.json), and the
 * settings that the service's own configuration schema knows. `npm run charts` writes them; a test says when they are old.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { z } from 'zod';
import { describeSettings } from '@order-pipeline/runtime';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Set by the templates themselves, from the port, the shutdown times and where Kafka and MongoDB are. */
const setByTheChart = new Set([
  'HOST',
  'PORT',
  'INSTANCE_ID',
  'SHUTDOWN_TIMEOUT_MS',
  'SHUTDOWN_LINGER_MS',
  'KAFKA_BOOTSTRAP_SERVERS',
  'KAFKA_TLS',
  'KAFKA_CA_FILE',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_USERNAME',
  'KAFKA_PASSWORD_FILE',
  'MONGODB_URI',
  'MONGODB_URI_FILE',
  'MONGODB_CA_FILE',
]);

const isSecret = (name: string): boolean => /TOKEN|SECRET|PASSWORD|KEY/.test(name);

export async function settingsOf(service: string): Promise<z.ZodObject> {
  const config = pathToFileURL(join(repository, 'services', service, 'src', 'config.ts')).href;
  return ((await import(config)) as { settings: z.ZodObject }).settings;
}

/** Services whose chart is made of the library chart, and that have a configuration schema. */
export function chartedServices(): string[] {
  return readdirSync(join(repository, 'helm')).filter(
    (name) =>
      existsSync(join(repository, 'helm', name, 'charts', 'service-lib')) &&
      existsSync(join(repository, 'services', name, 'src', 'config.ts')),
  );
}

export async function valuesSchema(service: string): Promise<object> {
  const shared = JSON.parse(readFileSync(join(repository, 'helm/service-lib/service.schema.json'), 'utf8')) as {
    properties: Record<string, object>;
  };
  const rows = describeSettings(await settingsOf(service)).filter(({ name }) => !setByTheChart.has(name));
  const known = (reference: string, secret: boolean): object => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      rows
        .filter(({ name }) => isSecret(name) === secret)
        .flatMap(({ name, description, default: fallback, formerName }) => [
          [name, { $ref: reference, description: `${description}. Default: ${fallback}` }],
          ...(formerName === undefined
            ? []
            : [[formerName, { $ref: reference, deprecated: true, description: `The former name of ${name}` }]]),
        ]),
    ),
  });
  return {
    ...shared,
    title: `Values of the chart ${service}`,
    properties: {
      ...shared.properties,
      config: known('#/$defs/setting', false),
      configFromSecrets: known('#/$defs/secretKey', true),
    },
  };
}

export const schemaFile = (service: string): string => join(repository, 'helm', service, 'values.schema.json');

export async function schemaText(service: string): Promise<string> {
  const file = schemaFile(service);
  return format(JSON.stringify(await valuesSchema(service)), { ...(await resolveConfig(file)), filepath: file });
}

if (import.meta.main) {
  for (const service of chartedServices()) writeFileSync(schemaFile(service), await schemaText(service));
}
