import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  commonSettings,
  ConfigError,
  configWarnings,
  csv,
  decimal,
  describeSettings,
  durationMs,
  flag,
  integer,
  port,
  readConfig,
} from './config.ts';

const faultsOf = (schema: z.ZodObject, env: Record<string, string>): readonly string[] => {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('readConfig', () => {
  test('returns the defaults for an empty environment', () => {
    const config = readConfig(z.object({ ...commonSettings, PORT: port(8001) }), {});
    expect(config).toMatchObject({
      PORT: 8001,
      HOST: '0.0.0.0',
      KAFKA_BOOTSTRAP_SERVERS: ['localhost:9092'],
      MONGODB_URI: 'mongodb://localhost:27017/?replicaSet=rs0',
      LOG_LEVEL: 'info',
      SHUTDOWN_TIMEOUT_MS: 10_000,
      SHUTDOWN_LINGER_MS: 300,
    });
  });

  test('converts text as the schema says, and ignores surrounding space', () => {
    const schema = z.object({ N: integer(), RATE: decimal(), WAIT_MS: durationMs(), LIST: csv(), ON: flag() });
    const env = { N: ' -3 ', RATE: '0.25', WAIT_MS: '1500', LIST: 'a:1, b:2', ON: 'true', OTHER: 'ignored' };
    expect(readConfig(schema, env)).toEqual({ N: -3, RATE: 0.25, WAIT_MS: 1500, LIST: ['a:1', 'b:2'], ON: true });
  });

  test('treats an empty variable as unset', () => {
    expect(readConfig(z.object({ N: integer({ default: 7 }) }), { N: '  ' })).toEqual({ N: 7 });
    expect(faultsOf(z.object({ N: integer() }), { N: '' })).toEqual(['N is not set: must be an integer']);
  });

  test('names every faulty variable in one message', () => {
    const schema = z.object({ ...commonSettings, RATE: decimal({ min: 0, max: 1, default: 0 }), NEEDED: csv() });
    const env = {
      PORT: '80x',
      LOG_LEVEL: 'loud',
      SHUTDOWN_TIMEOUT_MS: '10s',
      RATE: '1.5',
      KAFKA_BOOTSTRAP_SERVERS: 'a,,b',
    };
    const faults = faultsOf(schema, env);
    expect(new Set(faults.map((fault) => /^\w+/.exec(fault)?.[0]))).toEqual(
      new Set(['KAFKA_BOOTSTRAP_SERVERS', 'LOG_LEVEL', 'NEEDED', 'PORT', 'RATE', 'SHUTDOWN_TIMEOUT_MS']),
    );
    expect(faults).toContain('PORT="80x": must be an integer from 0 to 65535');
    expect(faults).toContain('RATE="1.5": must be a number from 0 to 1');
  });

  test.each(['1e3', '0x10', '1.0', '', '99999999999999999999', '-1', '65536', 'NaN', '١'])('%j is no port', (text) => {
    expect(faultsOf(z.object({ PORT: port() }), { PORT: text })).toHaveLength(1);
  });

  test('never repeats a connection string in an error message: it may hold a password', () => {
    const [fault] = faultsOf(z.object(commonSettings), { MONGODB_URI: 'postgres://me:secret@db' });
    expect(fault).toContain('MONGODB_URI');
    expect(fault).not.toContain('secret');
  });

  test('freezes the settings', () => {
    expect(Object.isFrozen(readConfig(z.object(commonSettings), {}))).toBe(true);
  });
});

describe('a setting that has a new name', () => {
  const schema = z.object({ MAX_NEW_NAME: integer({ min: 1, default: 7 }).meta({ formerName: 'MAX_OLD_NAME' }) });

  test.each([
    [{ MAX_OLD_NAME: '3' }, 3, ['MAX_OLD_NAME has a new name, MAX_NEW_NAME']],
    [{ MAX_OLD_NAME: '3', MAX_NEW_NAME: '' }, 3, ['MAX_OLD_NAME has a new name, MAX_NEW_NAME']],
    [
      { MAX_OLD_NAME: '3', MAX_NEW_NAME: '4' },
      4,
      ['MAX_OLD_NAME has a new name, MAX_NEW_NAME, which is set too and takes precedence'],
    ],
    [{ MAX_OLD_NAME: ' ', MAX_NEW_NAME: '4' }, 4, []],
    [{}, 7, []],
  ])('%j gives %d, with the warnings %j', (env, value, warnings) => {
    const config = readConfig(schema, env);
    expect(config).toEqual({ MAX_NEW_NAME: value });
    expect(configWarnings(config)).toEqual(warnings);
  });

  test('is named in a fault as it was given', () => {
    expect(faultsOf(schema, { MAX_OLD_NAME: '0' })).toEqual(['MAX_OLD_NAME="0": must be an integer of at least 1']);
  });
});

describe('describeSettings', () => {
  test('returns a row per setting, with its default as written in the environment', () => {
    const schema = z.object({
      KAFKA_BOOTSTRAP_SERVERS: commonSettings.KAFKA_BOOTSTRAP_SERVERS,
      INSTANCE_ID: commonSettings.INSTANCE_ID,
      TOKEN: z.string().optional().describe('Secret of the operator'),
      LIMIT: integer().describe('Orders'),
      NEW_NAME: integer({ default: 1 }).meta({ description: 'Events', formerName: 'OLD_NAME' }),
    });
    expect(describeSettings(schema)).toEqual([
      {
        name: 'KAFKA_BOOTSTRAP_SERVERS',
        default: 'localhost:9092',
        description: 'Kafka brokers, comma-separated host:port',
      },
      { name: 'INSTANCE_ID', default: "the host's name", description: 'Name of this replica in logs and metrics' },
      { name: 'TOKEN', default: 'unset', description: 'Secret of the operator' },
      { name: 'LIMIT', default: 'required', description: 'Orders' },
      { name: 'NEW_NAME', default: '1', description: 'Events', formerName: 'OLD_NAME' },
    ]);
  });

  test('finds a description of every common setting', () => {
    for (const row of describeSettings(z.object(commonSettings))) expect(row.description).not.toBe('');
  });
});
