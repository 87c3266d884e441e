/** What every process of ours has: settings, log, metrics, health, ordered start and stop. */
export {
  commonSettings,
  ConfigError,
  configWarnings,
  csv,
  decimal,
  describeSettings,
  durationMs,
  flag,
  integer,
  isConfigError,
  port,
  readConfig,
  setting,
  type Setting,
  type SettingRow,
} from './config.ts';
export { Health, isServing, type Check, type CheckResult, type CheckStatus, type Readiness } from './health.ts';
export {
  createLifecycle,
  Lifecycle,
  LifecycleTimeoutError,
  type Component,
  type LifecycleOptions,
} from './lifecycle.ts';
export { createLogger, serializeError, type Logger, type LoggerOptions } from './logger.ts';
export {
  Counter,
  createMetrics,
  exemplarOf,
  Gauge,
  hasExemplars,
  healthMetrics,
  Histogram,
  Registry,
  tracedHistogram,
  type ObserveSeconds,
} from './metrics.ts';
export { runService, type RunOptions, type Service } from './run-service.ts';
