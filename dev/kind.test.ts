/** `npm run kind:up` on a machine where a tool is missing or does not respond. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const script = fileURLToPath(new URL('kind.ts', import.meta.url));

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'order-pipeline-kind-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The PATH has nothing but the test's own folder. */
function kind(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: dir },
  });
  return { status, stdout, stderr };
}

function putOnPath(name: string, does = 'exit 0'): void {
  writeFileSync(join(dir, name), `#!/bin/sh\n${does}\n`);
  chmodSync(join(dir, name), 0o755);
}

describe('kind:up', () => {
  test('lists every missing tool with its installation page, before it does anything', () => {
    const { status, stdout, stderr } = kind('up');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    for (const tool of ['docker', 'kind', 'kubectl', 'helm', 'skaffold']) {
      expect(stderr).toMatch(new RegExp(`^  ${tool}: https://`, 'm'));
    }
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('lists only the missing tools', () => {
    for (const tool of ['docker', 'kind', 'kubectl', 'skaffold']) putOnPath(tool);
    const { status, stderr } = kind('up');
    expect(status).toBe(1);
    expect(stderr.match(/^  (\w+): /gm)).toEqual(['  helm: ']);
  });

  test('creates no cluster when Docker does not respond', () => {
    for (const tool of ['kubectl', 'helm', 'skaffold']) putOnPath(tool);
    putOnPath('docker', 'exit 1');
    putOnPath('kind', 'echo kind has run; exit 1');
    const { status, stdout, stderr } = kind('up');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Docker does not respond; start it/);
    expect(stdout).toBe('');
  });

  test('creates the cluster and runs skaffold in it, whatever the current context is', () => {
    putOnPath('docker', 'echo 17179869184');
    putOnPath('kind', 'case $1 in get) ;; *) echo "kind $*";; esac');
    putOnPath('skaffold', 'echo "skaffold $*"');
    for (const tool of ['kubectl', 'helm']) putOnPath(tool);
    const { status, stdout } = kind('up');
    expect(status).toBe(0);
    expect(stdout).toContain('kind create cluster --config kind-config.yaml');
    expect(stdout).toContain('skaffold run --kube-context kind-order-pipeline');
    expect(stdout).toContain('curl -X POST http://localhost:8001/orders');
  });
});

describe('kind:down', () => {
  test('needs only kind, and keeps other clusters', () => {
    expect(kind('down').stderr).toMatch(/^  kind: https:/m);
    putOnPath('kind', 'case $1 in get) echo another;; *) echo "kind $*";; esac');
    expect(kind('down').stdout).toBe('There is no kind cluster order-pipeline.\n');
  });
});

test('prints its usage for any other command', () => {
  expect(kind('sideways').stderr).toContain('Usage: npm run kind:up, or npm run kind:down');
});
