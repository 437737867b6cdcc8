import { once } from 'node:events';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ApiKeys } from '../api-keys';
import type { LogLevel } from '../config/config';
import { ConfigError, readSettings } from '../config/read-config';
import type { Program } from '../config/read-config';
import { Health } from '../health/health';
import { createOperationsServer } from '../http/operations-server';
import { GracefulShutdown, shutDownOnSignals } from '../shutdown/graceful-shutdown';
import type { WorkerLog } from './quietly';

/** What every worker can be told. */
export interface WorkerConfig {
  /** Of health and metrics. */
  readonly port: number;
  readonly host: string;
  /** That `/metrics` asks for; none: it is for everybody. */
  readonly apiKeys: readonly string[];
  readonly logLevel: LogLevel;
}

/** What a worker is given of its process. */
export interface WorkerProcess {
  readonly health: Health;
  readonly registry: Registry;
  readonly log: WorkerLog;
}

/** A worker while it runs. */
export interface RunningWorker {
  /** Finishes what is in hand. */
  stop(): Promise<void>;
}

/**
 * The life of a worker's process: its settings, health and metrics on a port of their own, an orderly end at SIGTERM. Exit codes: 2 for wrong settings, 1 if it
 * could not be started, or not ended in time.
 * @param name said in the log: `The <name> runs`.
 */
export function runWorker<C extends WorkerConfig>(
  name: string,
  program: Program<C>,
  start: (config: C, process: WorkerProcess) => Promise<RunningWorker>,
): void {
  run(name, program, start).catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    // At once: what was opened before it failed would keep the process, not ready, for ever.
    process.exit(error instanceof ConfigError ? 2 : 1);
  });
}

async function run<C extends WorkerConfig>(
  name: string,
  program: Program<C>,
  start: (config: C, process: WorkerProcess) => Promise<RunningWorker>,
): Promise<void> {
  const commandLine = readSettings(program, process.argv.slice(2), process.env);
  if (commandLine.kind === 'help') {
    process.stdout.write(commandLine.text);
    return;
  }
  const { config } = commandLine;
  const logger = pino(
    { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  const health = new Health();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const server = createOperationsServer(health, registry, new ApiKeys(config.apiKeys)).listen(config.port, config.host);
  await once(server, 'listening');
  const log: WorkerLog = (level, line) => {
    logger[level](line);
  };
  const worker = await start(config, { health, registry, log });
  const shutdown = new GracefulShutdown({
    ...{ server, health, drain: new AbortController(), hooks: [() => worker.stop()] },
    log: (line) => {
      logger.info(line);
    },
  });
  shutDownOnSignals(shutdown);
  logger.info(`The ${name} runs`);
}
