export { ApiKeys } from './api-keys';
export { runCli } from './cli/run-cli';
export { API_KEYS, LOG_LEVELS, SETTINGS } from './config/config';
export type { LogLevel, TesseraConfig } from './config/config';
export { ConfigError, isLoopback, listenProblems, readConfig, readSettings } from './config/read-config';
export type { CommandLine, Program } from './config/read-config';
export { KAFKA_BROKERS, mysqlUrl, OPERATIONS_HOST, redisUrls } from './config/service-settings';
export {
  optionalStarrocksUrls,
  STARROCKS_HTTP_URLS,
  STARROCKS_SETTINGS,
  STARROCKS_SQL_SHAPE,
  STARROCKS_TABLE_SETTINGS,
  starrocksUrls,
} from './config/starrocks-settings';
export type {
  StarrocksSettings,
  StarrocksSqlShape,
  StarrocksTableSettings,
  StarrocksUrls,
} from './config/starrocks-settings';
export { addresses, keys, oneOf, optional, pattern, setting, text, urls, wholeNumber } from './config/setting';
export type { Setting, SettingValue } from './config/setting';
export { startHttpService } from './http/start-http-service';
export type { HttpServiceOptions } from './http/start-http-service';
export { createOperationsServer } from './http/operations-server';
export { PlainJsonAdapter } from './http/plain-json-adapter';
export { Health } from './health/health';
export { inTime, LateError } from './health/in-time';
export type { DependencyState, Readiness } from './health/health';
export { firstInvalidByte, parseJsonBytes, parseJsonText } from './json/parse-json';
export type { ParsedJson } from './json/parse-json';
export { loggingOptions, logsRequests } from './logging/logging-options';
export { LoggingModule } from './logging/logging.module';
export { Metrics } from './metrics/metrics';
export type { ScrapedValues } from './metrics/metrics';
export { StreamMetrics } from './metrics/stream-metrics';
export { observeRequests } from './metrics/observe-requests';
export type { FailedRequest } from './metrics/observe-requests';
export { GracefulShutdown, shutDownOnSignals } from './shutdown/graceful-shutdown';
export type { ShutdownOptions, ShutdownTimings } from './shutdown/graceful-shutdown';
export { readVersion } from './read-version';
export { quietly } from './worker/quietly';
export type { WorkerLog } from './worker/quietly';
export { runWorker } from './worker/run-worker';
export type { RunningWorker, WorkerConfig, WorkerProcess } from './worker/run-worker';
