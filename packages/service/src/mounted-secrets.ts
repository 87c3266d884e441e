/**
 * Credentials from mounted files. A rotated Secret changes in the running pod, so each file is read again for each
 * connection; a read that fails returns the former content.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KafkaLogin, KafkaTls } from '@order-pipeline/kafka';
import type { MongoAddress } from '@order-pipeline/mongo';
import type { ServiceConfig } from './settings.ts';

/** A reader of the file's text without surrounding space. Throws at once when the file does not exist. */
function mountedText(variable: string, path: string): () => string {
  return remembering(variable, path, () => readFileSync(path, 'utf8').trim());
}

/**
 * A reader of the certificates in a PEM file, or in every *.crt and *.pem of a folder: while an authority is being
 * replaced, its former and its new certificate are two files of the folder.
 */
function mountedCertificates(variable: string, path: string): () => string {
  return remembering(variable, path, () => {
    if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8');
    const names = readdirSync(path).filter((name) => /\.(crt|pem)$/.test(name));
    if (names.length === 0) throw new Error('the folder holds no *.crt and no *.pem');
    return names
      .toSorted()
      .map((name) => readFileSync(join(path, name), 'utf8'))
      .join('\n');
  });
}

function remembering(variable: string, path: string, read: () => string): () => string {
  let last: string;
  try {
    last = read();
  } catch (cause) {
    throw new Error(`${variable}=${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return () => {
    try {
      last = read();
    } catch {
      // A volume is replaced in one step; should a file be missing for a moment, the former value still works.
    }
    return last;
  };
}

export type KafkaSecurity = { readonly tls?: KafkaTls; readonly login?: KafkaLogin };

/** TLS when an authority is named or KAFKA_TLS is true; a login when there is a password. */
export function kafkaSecurity(config: ServiceConfig, defaultUsername: string): KafkaSecurity {
  const { KAFKA_TLS, KAFKA_CA_FILE, KAFKA_PASSWORD_FILE } = config;
  const ca = KAFKA_CA_FILE === undefined ? () => undefined : mountedCertificates('KAFKA_CA_FILE', KAFKA_CA_FILE);
  return {
    ...(KAFKA_TLS || KAFKA_CA_FILE !== undefined ? { tls: { ca } } : {}),
    ...(KAFKA_PASSWORD_FILE === undefined
      ? {}
      : {
          login: {
            mechanism: config.KAFKA_SASL_MECHANISM,
            username: config.KAFKA_USERNAME ?? defaultUsername,
            password: mountedText('KAFKA_PASSWORD_FILE', KAFKA_PASSWORD_FILE),
          },
        }),
  };
}

/** The connection string itself, or a reader of the files that hold it and the authority. */
export function mongoAddress(config: ServiceConfig): string | (() => MongoAddress) {
  const { MONGODB_URI, MONGODB_URI_FILE, MONGODB_CA_FILE } = config;
  if (MONGODB_URI_FILE === undefined && MONGODB_CA_FILE === undefined) return MONGODB_URI;
  const uri = MONGODB_URI_FILE === undefined ? () => MONGODB_URI : mountedText('MONGODB_URI_FILE', MONGODB_URI_FILE);
  const ca = MONGODB_CA_FILE === undefined ? () => undefined : mountedCertificates('MONGODB_CA_FILE', MONGODB_CA_FILE);
  return () => ({ uri: uri(), ca: ca() });
}
