/** A certificate authority of a test's own, made with openssl, and certificates for servers on this machine. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../../dev/engines/java.ts';
import { SetupError } from '../../dev/setup-error.ts';

export interface Authority {
  /** PEM of its certificate. */
  readonly certificate: string;
  /** PEM of a new key and its certificate, for servers under these names. */
  issue(commonName: string, names?: readonly string[]): { readonly key: string; readonly certificate: string };
}

const local = ['DNS:localhost', 'IP:127.0.0.1'];

export function createAuthority(dir: string, name = 'tests'): Authority {
  mkdirSync(dir, { recursive: true });
  const file = (suffix: string): string => join(dir, `${name}.${suffix}`);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  openssl('req', '-x509', ...newKey, '-keyout', file('key'), '-out', file('crt'), '-subj', `/CN=${name}`);
  let issued = 0;
  return {
    certificate: readFileSync(file('crt'), 'utf8'),
    issue(commonName, names = local) {
      const [key, crt, extensions] = ['key', 'crt', 'ext'].map((suffix) => file(`${issued}.${suffix}`)) as [
        string,
        string,
        string,
      ];
      issued += 1;
      writeFileSync(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      const request = file('csr');
      openssl('req', ...newKey.slice(0, -2), '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`);
      const by = ['-CA', file('crt'), '-CAkey', file('key'), '-CAcreateserial', '-days', '30'];
      openssl('x509', '-req', '-in', request, ...by, '-extfile', extensions, '-out', crt);
      return { key: readFileSync(key, 'utf8'), certificate: readFileSync(crt, 'utf8') };
    },
  };
}

function openssl(...args: readonly string[]): void {
  const command = findOnPath('openssl');
  if (command === undefined) {
    throw new SetupError(
      'The tests of TLS make their certificates with openssl, which was not found: install it (package openssl).',
    );
  }
  execFileSync(command, args, { stdio: 'pipe' });
}
