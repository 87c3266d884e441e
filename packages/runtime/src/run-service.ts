import { configWarnings, isConfigError } from './config.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/** What a service's build function returns. */
export interface Service {
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
}

export interface RunOptions<Config extends object> {
  readonly config: () => Config;
  readonly build: (config: Config) => Service | Promise<Service>;
}

// Ctrl-C reaches a whole process group, and a launcher passes it on at once: that is one wish, not two.
const sameWishMs = 500;

/**
 * A service as a process: reads the settings, builds, starts, and ends it: exit 0 after SIGTERM or SIGINT, exit 1 after
 * a fault, each time after draining. A second signal exits at once.
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
  const told = Promise.withResolvers<{ exitCode: number }>();
  listenForSignals(service, () => told.resolve({ exitCode: 0 }));
  const onFault = (err: unknown) => {
    logger.fatal({ err }, 'the process cannot go on and drains');
    told.resolve({ exitCode: 1 });
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  lifecycle.failed.catch(onFault);
  lifecycle.start().then(() => !lifecycle.stopping.aborted && logger.info('started'), onFault);

  let { exitCode } = await told.promise;
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
    } else if (performance.now() - firstAt > sameWishMs) {
      logger.warn({ signal }, 'told twice: exiting without draining');
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
