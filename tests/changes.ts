import { run } from '../dev/run.ts';
import { SetupError } from '../dev/setup-error.ts';

export interface Changes {
  /** Any test may depend on them. */
  readonly touchEverything: boolean;
  /** The tests of the manifests read files that they do not import. */
  readonly touchManifests: boolean;
}

const gitLimitMs = 30_000;
const configuration = /^(package(-lock)?\.json|tsconfig\.json|jest\.config\.mjs)$/;
const manifests = /^(helm|k8s|monitoring|docs\/runbooks)\/|^(skaffold|kind-config)\.yaml$/;

export const changesIn = (files: readonly string[]): Changes => ({
  touchEverything: files.some((file) => configuration.test(file)),
  touchManifests: files.some((file) => manifests.test(file)),
});

/** The changes of the working tree since it branched from the commit, new files included. */
export async function changesSince(commit: string): Promise<Changes> {
  const git = async (...args: string[]): Promise<string[]> =>
    (await run('git', args, { timeoutMs: gitLimitMs })).trim().split('\n');
  try {
    const [base = commit] = await git('merge-base', commit, 'HEAD');
    const files = await Promise.all([
      git('diff', '--name-only', base),
      git('ls-files', '--others', '--exclude-standard'),
    ]);
    return changesIn(files.flat());
  } catch (error) {
    throw new SetupError(`What has changed since ${commit} is unknown (${(error as Error).message.trim()}).`);
  }
}
