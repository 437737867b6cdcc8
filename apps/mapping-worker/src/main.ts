import { once } from 'node:events';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ApiKeys, ConfigError, createOperationsServer, GracefulShutdown, Health } from '@tessera/platform';
import { readSettings, shutDownOnSignals } from '@tessera/platform';
import { MAPPING_WORKER } from './config';
import { startMappingWorker } from './worker';

async function main(): Promise<void> {
  const commandLine = readSettings(MAPPING_WORKER, process.argv.slice(2), process.env);
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
  const worker = await startMappingWorker(config, {
    ...{ health, registry },
    log: (level, line) => {
      logger[level](line);
    },
  });
  const shutdown = new GracefulShutdown({
    server,
    health,
    drain: new AbortController(),
    hooks: [() => worker.stop()],
    log: (line) => {
      logger.info(line);
    },
  });
  shutDownOnSignals(shutdown);
  logger.info('The mapping worker runs');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
});
