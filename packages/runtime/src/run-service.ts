import { configWarnings, isConfigError } from './config.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/** A process to run: what `build` returns. */
export interface Service {
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

export interface RunOptions<Config extends object> {
  readonly config: () => Config;
  readonly build: (config: Config) => Service | Promise<Service>;
}

// Ctrl-C reaches a whole process group, and a launcher forwards it at once: signals this close together count as one.
const sameRequestMs = 500;

/**
 * Runs a service as this process: reads the settings, builds and starts it. Exits 0 after SIGTERM or SIGINT and 1 after an
 * error, each time after draining. A second signal exits at once.
 */
export async function runService<Config extends object>({ config, build }: RunOptions<Config>): Promise<void> {
  let settings: Config;
  try {
    settings = config();
  } catch (error) {
    if (!isConfigError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  const service = await build(settings);
  const { logger, lifecycle } = service;
  for (const warning of configWarnings(settings)) logger.warn(warning);
  const ending = Promise.withResolvers<{ exitCode: number }>();
  listenForSignals(service, () => ending.resolve({ exitCode: 0 }));
  const onFatal = (err: unknown) => {
    logger.fatal({ err }, 'fatal error, draining');
    ending.resolve({ exitCode: 1 });
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', onFatal);
  lifecycle.failed.catch(onFatal);
  lifecycle.start().then(() => !lifecycle.stopping.aborted && logger.info('started'), onFatal);

  let { exitCode } = await ending.promise;
  try {
    await lifecycle.stop();
  } catch {
    exitCode = 1;
  }
  logger.info({ exit_code: exitCode }, 'stopped');
  process.exit(exitCode);
}

function listenForSignals({ logger }: Service, onFirst: () => void): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      logger.info({ signal }, 'draining');
      onFirst();
    } else if (performance.now() - firstAt > sameRequestMs) {
      logger.warn({ signal }, 'second signal: exiting without draining');
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
