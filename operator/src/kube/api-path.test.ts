import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import {
  collectionPath,
  InvalidNameError,
  isName,
  isSecretKey,
  maxNameLength,
  namePattern,
  objectPath,
  secretKeyPattern,
  type KubePath,
} from './api-path.ts';

const secrets = { groupVersion: 'v1', resource: 'secrets', namespace: 'shop' };
const deployments = { groupVersion: 'apps/v1', resource: 'deployments', namespace: 'shop' };

test('paths name the core group or another one, one or all namespaces, and subresources', () => {
  expect(objectPath(secrets, 'kafka-ca')).toBe('/api/v1/namespaces/shop/secrets/kafka-ca');
  expect(objectPath(deployments, 'web.2', 'scale')).toBe('/apis/apps/v1/namespaces/shop/deployments/web.2/scale');
  expect(collectionPath(deployments)).toBe('/apis/apps/v1/namespaces/shop/deployments');
  expect(collectionPath({ ...deployments, namespace: undefined })).toBe('/apis/apps/v1/deployments');
});

test('a path that is built elsewhere does not compile', () => {
  // @ts-expect-error: a string is not a KubePath.
  const path: KubePath = '/api/v1/secrets';
  expect(typeof path).toBe('string');
});

const hostile = [
  '',
  '.',
  '..',
  '../../kube-system/deployments/coredns',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fkube-system',
  '..%2f..%2fkube-system',
  'a/b',
  'a\\b',
  'a?limit=1',
  'a#b',
  'a%00',
  'a\u0000',
  'a\n',
  ' a',
  'a..b',
  '.a',
  'a.',
  '-a',
  'a-',
  'A',
  'ä',
  '․․',
  'a;b',
  'a'.repeat(maxNameLength + 1),
];

describe('an invalid name is rejected in every segment', () => {
  test.each(hostile)('%j', (text) => {
    expect(() => objectPath(secrets, text)).toThrow(InvalidNameError);
    expect(() => objectPath({ ...secrets, namespace: text }, 'a')).toThrow(InvalidNameError);
    expect(() => objectPath({ ...secrets, resource: text }, 'a')).toThrow(InvalidNameError);
    expect(() => objectPath(secrets, 'a', text as 'scale')).toThrow(InvalidNameError);
  });

  test('a value that is not a string, which would make the path of a collection', () => {
    for (const value of [undefined, null, 7, {}, ['a']]) {
      expect(() => objectPath(secrets, value as unknown as string)).toThrow(InvalidNameError);
    }
  });
});

test('any name is rejected, or its URL stays within the collection', () => {
  const alphabet = fc.constantFrom('a', 'b-', '.', '..', '/', '%2e', '%2F', '?', '#', '\\', '\n', 'ü', '0');
  const text = fc.oneof(
    fc.array(alphabet, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string(),
  );
  const requested = (name: string): string[] | string => {
    try {
      const { pathname, search, hash } = new URL(objectPath(secrets, name), 'https://kubernetes.default.svc');
      return [pathname, search, hash];
    } catch (error) {
      return (error as Error).name;
    }
  };
  fc.assert(
    fc.property(text, (name) => {
      const within = [`/api/v1/namespaces/shop/secrets/${name}`, '', ''];
      expect(requested(name)).toEqual(isName(name) ? within : 'InvalidNameError');
    }),
  );
});

test('names and keys are valid if the API server accepts them', () => {
  for (const name of ['a', '0', 'kafka-ca', 'a.b-c.d', 'a'.repeat(maxNameLength)]) expect(isName(name)).toBe(true);
  for (const key of ['ca.crt', 'PASSWORD_1', '-', 'a'.repeat(maxNameLength)]) expect(isSecretKey(key)).toBe(true);
  for (const key of ['', 'a/b', 'a b', 'a\n', '%', 'a'.repeat(maxNameLength + 1)]) expect(isSecretKey(key)).toBe(false);
});

test('the CRD has the same patterns and limits', () => {
  const file = new URL('../../../helm/consumer-scaler/crds/consumerscalers.yaml', import.meta.url);
  const { spec } = parse(readFileSync(file, 'utf8')).spec.versions[0].schema.openAPIV3Schema.properties;
  const { targetRef, kafka } = spec.properties;
  const { tls, sasl } = kafka.properties;
  const name = { pattern: namePattern, minLength: 1, maxLength: maxNameLength };
  expect(targetRef.properties.name).toMatchObject(name);
  for (const secret of [tls.properties.caSecret, sasl.properties.passwordSecret]) {
    expect(secret.properties.name).toMatchObject(name);
    expect(secret.properties.key).toMatchObject({ ...name, pattern: secretKeyPattern });
  }
});
