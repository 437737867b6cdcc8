import 'reflect-metadata';
import { ConfigError, GracefulShutdown, readConfig, readVersion, shutDownOnSignals } from '@tessera/platform';
import type { TesseraConfig } from '@tessera/platform';
import { loadSampleOnFirstStart } from './first-start';
import { openStore } from './open-store';
import type { Store } from './open-store';
import { preferShortPauses } from './short-pauses';
import { startService } from './start-service';
import { welcomeText } from './welcome';

async function main(): Promise<void> {
  preferShortPauses();
  const commandLine = readConfig(process.argv.slice(2), process.env);
  if (commandLine.kind === 'help') {
    process.stdout.write(commandLine.text);
    return;
  }
  const { config } = commandLine;
  const store = await openStore({
    path: config.dataDirectory,
    readOnly: false,
    idEntriesMax: config.idMemory,
    threads: config.threads,
    memoryBytesMax: config.memoryMb * 1_048_576,
    onBackgroundError: (error) => say(`In the background: ${messageOf(error)}`),
  });
  // Before this there is nothing to end in order: a signal simply ends the process.
  const early = catchEarlySignals();
  try {
    store.directory.warnings.forEach(say);
    await prepare(config, store, early.signal);
    if (early.hasCome()) {
      await store.close();
      return;
    }
    const shutdown = await serve(config, store);
    shutDownOnSignals(shutdown);
    if (early.hasCome()) process.exit((await shutdown.run('signal')) ? 0 : 1);
  } catch (error) {
    await store.close();
    throw error;
  } finally {
    early.release();
  }
}

/** Loads the sample on the first start. A signal ends the load between batches. */
async function prepare(config: TesseraConfig, store: Store, signal: AbortSignal): Promise<void> {
  const news = await loadSampleOnFirstStart(config, store, signal);
  if (news !== null) process.stdout.write(`${news}\n`);
}

async function serve(config: TesseraConfig, store: Store): Promise<GracefulShutdown> {
  const { stream, ...service } = await startService(config, store, readVersion());
  const hasShop = store.catalogStore.current().type('purchase') !== undefined;
  process.stdout.write(welcomeText(service.address, config, hasShop));
  return new GracefulShutdown({
    server: service.app.getHttpServer(),
    health: service.health,
    drain: service.drain,
    intakes: stream === null ? [] : [() => stream.stop()],
    hooks: [() => store.close()],
    log: say,
  });
}

/** A signal while starting up: the start comes to its end in order, or stops early where it can. */
function catchEarlySignals(): {
  readonly signal: AbortSignal;
  readonly hasCome: () => boolean;
  readonly release: () => void;
} {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const release = (): void => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  };
  return { signal: stop.signal, hasCome: () => stop.signal.aborted, release };
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main().catch((error: unknown) => {
  // A wrong setting or a locked directory is the caller's to fix: the message is all they need. Else the stack helps.
  const isKnown = error instanceof ConfigError || (error instanceof Error && 'retriable' in error);
  say(isKnown || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message));
  process.exit(1);
});
