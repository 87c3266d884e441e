/** What every service stands on: settings, log, HTTP, health, metrics, ordered start and stop. */
export { createApp, type AppOptions } from './app.ts';
export {
  commonSettings,
  ConfigError,
  csv,
  decimal,
  describeSettings,
  durationMs,
  flag,
  integer,
  port,
  readConfig,
  setting,
  type Setting,
  type SettingRow,
} from './config.ts';
export { Health, type Check, type CheckResult, type CheckStatus, type Readiness } from './health.ts';
export { httpComponent, startHttp, type HttpOptions, type HttpServer } from './http-server.ts';
export {
  createLifecycle,
  Lifecycle,
  LifecycleTimeoutError,
  type Component,
  type LifecycleOptions,
} from './lifecycle.ts';
export { createLogger, serializeError, type Logger, type LoggerOptions } from './logger.ts';
export { Counter, createMetrics, Gauge, Histogram, Registry, tracedHistogram, type ObserveSeconds } from './metrics.ts';
export { openApiDocument, problemSchema } from './openapi.ts';
export { operatorToken, requireOperator } from './operator.ts';
export {
  badRequest,
  conflict,
  forbidden,
  HttpProblem,
  notFound,
  unauthorized,
  unavailable,
  unprocessable,
  type Fault,
  type IsOutage,
  type ProblemOptions,
} from './problem.ts';
export { linkTrace } from './rings.ts';
export { route, type Reply, type ResponseSpec, type Route } from './route.ts';
export { runService, type RunOptions, type Service } from './run-service.ts';
