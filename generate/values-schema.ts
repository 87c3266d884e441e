/**
 * The values.schema.json of a service's chart: what all charts take (helm/service-lib/service.schema.json), and the settings
 * that the service's own configuration schema knows.
 */
import { describeSettings } from '@order-pipeline/runtime';
import { generatedJson, type GeneratedFile } from './artifact.ts';
import { readText, settingsOf } from './repository.ts';

const shared = 'helm/service-lib/service.schema.json';

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

const chosenSettings = async (service: string) =>
  describeSettings(await settingsOf(service)).filter(({ name }) => !setByTheChart.has(name));

/** Settings that only a Secret may give. */
export const secretSettings = async (service: string): Promise<string[]> =>
  (await chosenSettings(service)).map(({ name }) => name).filter(isSecret);

export async function valuesSchema(service: string): Promise<GeneratedFile> {
  const common = JSON.parse(readText(shared)) as { properties: Record<string, object> };
  const rows = await chosenSettings(service);
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
  return generatedJson(`helm/${service}/values.schema.json`, [shared, `services/${service}/src/config.ts`], {
    ...common,
    title: `Values of the chart ${service}`,
    properties: {
      ...common.properties,
      config: known('#/$defs/setting', false),
      configFromSecrets: known('#/$defs/secretKey', true),
    },
  });
}
