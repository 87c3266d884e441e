/** Tools for Kubernetes manifests: pinned, and built by `go install` once per machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { announce, cached } from '../../dev/engines/cache.ts';
import { findOnPath } from '../../dev/engines/java.ts';
import { run } from '../../dev/run.ts';
import { SetupError } from '../../dev/setup-error.ts';

const versions = {
  helm: { version: 'v3.22.0', package: 'helm.sh/helm/v3/cmd/helm' },
  // Uses server-side apply, where fields have owners: upgrades are tested with both versions.
  helm4: { version: 'v4.3.1', package: 'helm.sh/helm/v4/cmd/helm' },
  kubeconform: { version: 'v0.8.0', package: 'github.com/yannh/kubeconform/cmd/kubeconform' },
  kustomize: { version: 'v5.7.1', package: 'sigs.k8s.io/kustomize/kustomize/v5' },
  'kube-score': { version: 'v1.20.0', package: 'github.com/zegl/kube-score/cmd/kube-score' },
  kind: { version: 'v0.33.0', package: 'sigs.k8s.io/kind' },
} as const;

export type KubeTool = keyof typeof versions;

const buildLimitMs = 15 * 60_000;
const downloadLimitMs = 10 * 60_000;

/** Path of the tool in the user's cache, where it is built the first time. */
export async function kubeTool(tool: KubeTool): Promise<string> {
  const { version, package: path } = versions[tool];
  const dir = await cached(`${tool}-${version}`, async (draft) => {
    announce(`Building ${tool} ${version} with Go (once) …`);
    await go(['install', '-trimpath', '-ldflags=-s -w', `${path}@${version}`], {
      what: `${tool} ${version}`,
      timeoutMs: buildLimitMs,
      env: { GOBIN: draft, CGO_ENABLED: '0' },
    });
  });
  return join(dir, tool === 'helm4' ? 'helm' : tool);
}

interface GoModule {
  readonly module: string;
  readonly version: string;
  /** Its name in the cache. */
  readonly name: string;
  /** As in go.sum: compared instead of the checksum database, which may not know a module that a proxy has. */
  readonly sum?: string;
}

/** The cached folder of a Go module's release, with the files that `keep` copies from the module. */
export async function fromGoModule(
  { module, version, name, sum }: GoModule,
  keep: (moduleDir: string, dir: string) => Promise<void>,
): Promise<string> {
  return cached(`${name}-${version}`, async (draft) => {
    announce(`Fetching ${name} ${version} with Go (once) …`);
    // Outside the cache's entry, because the module is much larger than the files that are kept.
    const modules = await mkdtemp(`${draft}-modules-`);
    try {
      const output = await go(['mod', 'download', '-json', `${module}@${version}`], {
        what: `${module} ${version}`,
        timeoutMs: downloadLimitMs,
        env: { GOMODCACHE: modules, GOFLAGS: '-modcacherw', ...(sum !== undefined && { GONOSUMDB: module }) },
      });
      const { Dir, Sum } = JSON.parse(output.slice(output.indexOf('{'))) as { Dir: string; Sum: string };
      if (sum !== undefined && Sum !== sum) {
        throw new SetupError(`${module} ${version} has the checksum ${Sum}, not ${sum}.`);
      }
      await keep(Dir, draft);
    } finally {
      await rm(modules, { recursive: true, force: true });
    }
  });
}

interface GoOptions {
  readonly what: string;
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
}

async function go(args: readonly string[], { what, timeoutMs, env }: GoOptions): Promise<string> {
  const command = findOnPath('go');
  if (command === undefined) {
    throw new SetupError(`${what} requires Go, which was not found: install Go 1.26 or newer (https://go.dev/dl/).`);
  }
  try {
    return await run(command, args, { timeoutMs, env: { ...process.env, ...env } });
  } catch (error) {
    throw new SetupError(
      `Go could not fetch ${what}: ${(error as Error).message.split('\n').slice(-3).join(' ')}\n` +
        'Check that a Go module proxy is reachable (go env GOPROXY) and try again.',
    );
  }
}

const outputLimits = { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };

/** The program's standard output; rejects with its standard error when it fails. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { ...outputLimits, ...options })).stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim() || message, { cause: error });
  }
}
