import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readConfig } from '@order-pipeline/runtime';
import { kafkaSecurity, mongoAddress } from './mounted-secrets.ts';
import { pipelineSettings } from './settings.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'order-pipeline-secrets-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const configOf = (env: Record<string, string>) => readConfig(z.object(pipelineSettings), env);
const security = (env: Record<string, string>) => kafkaSecurity(configOf(env), 'order-service');

describe('the security of Kafka', () => {
  test('is neither TLS nor a login by default', () => {
    expect(security({})).toEqual({});
  });

  test('is TLS with the well-known authorities, or with those of a file', () => {
    expect(security({ KAFKA_TLS: 'true' }).tls?.ca()).toBeUndefined();
    expect(security({ KAFKA_CA_FILE: write('ca.crt', 'PEM') }).tls?.ca()).toBe('PEM');
  });

  test('is a login where there is a password, as the consumer group unless another name is set', () => {
    const KAFKA_PASSWORD_FILE = write('password', ' secret\n');
    const { login } = security({ KAFKA_PASSWORD_FILE });
    expect(login).toMatchObject({ mechanism: 'scram-sha-512', username: 'order-service' });
    expect(login?.password()).toBe('secret');
    expect(security({ KAFKA_PASSWORD_FILE, KAFKA_USERNAME: 'admin' }).login?.username).toBe('admin');
  });

  test('follows a rotated password, and keeps the former one while the file cannot be read', () => {
    const path = write('password', 'first');
    const password = security({ KAFKA_PASSWORD_FILE: path }).login!.password;
    write('password', 'second');
    expect(password()).toBe('second');
    rmSync(path);
    expect(password()).toBe('second');
  });

  test('fails at start, with the variable named, when a file does not exist', () => {
    const path = join(folder, 'none');
    expect(() => security({ KAFKA_PASSWORD_FILE: path })).toThrow(`KAFKA_PASSWORD_FILE=${path} cannot be read`);
  });
});

describe('authorities in a folder', () => {
  test('are all its *.crt and *.pem files, in the order of their names', () => {
    write('b.pem', 'B');
    write('a.crt', 'A');
    write('notes.txt', 'no certificate');
    expect(security({ KAFKA_CA_FILE: folder }).tls?.ca()).toBe('A\nB');
  });

  test('are an error at start when there is none', () => {
    expect(() => security({ KAFKA_CA_FILE: folder })).toThrow('the folder holds no *.crt and no *.pem');
  });
});

describe('the address of MongoDB', () => {
  test('is the connection string of the settings', () => {
    expect(mongoAddress(configOf({ MONGODB_URI: 'mongodb://db/' }))).toBe('mongodb://db/');
  });

  test('is read from its files at each connection', () => {
    const env = { MONGODB_URI_FILE: write('uri', 'mongodb://one/'), MONGODB_CA_FILE: write('ca.pem', 'PEM') };
    const address = mongoAddress(configOf(env)) as () => unknown;
    expect(address()).toEqual({ uri: 'mongodb://one/', ca: 'PEM' });
    write('uri', 'mongodb://two/');
    expect(address()).toEqual({ uri: 'mongodb://two/', ca: 'PEM' });
  });
});
