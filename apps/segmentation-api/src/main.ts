import 'reflect-metadata';
import { pino } from 'pino';
import { ConfigError, GracefulShutdown, readSettings, readVersion, shutDownOnSignals } from '@tessera/platform';
import { SEGMENTATION_API } from './config';
import { startApi } from './start-api';

async function main(): Promise<void> {
  const commandLine = readSettings(SEGMENTATION_API, process.argv.slice(2), process.env);
  if (commandLine.kind === 'help') {
    process.stdout.write(commandLine.text);
    return;
  }
  const { config } = commandLine;
  const logger = pino(
    { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  const api = await startApi(config, readVersion(), (level, line) => {
    logger[level](line);
  });
  const { server, health, drain, address } = api;
  const shutdown = new GracefulShutdown({
    ...{ server, health, drain },
    hooks: [() => api.close()],
    log: (line) => {
      logger.info(line);
    },
  });
  shutDownOnSignals(shutdown);
  process.stdout.write(`Tessera's API is listening on ${address} (${address}/docs)\n`);
}

main().catch((error: unknown) => {
  const isKnown = error instanceof ConfigError || (error instanceof Error && 'retriable' in error);
  const text = error instanceof Error ? (isKnown ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
