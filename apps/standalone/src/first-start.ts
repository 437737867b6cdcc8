import { Presets, SingleBar } from 'cli-progress';
import { SETTINGS } from '@tessera/platform';
import type { TesseraConfig } from '@tessera/platform';
import type { Store } from './open-store';
import { loadSampleShop, readSampleState, SHOP_SEED_DEFAULT } from './sample';

/**
 * Loads the sample shop into a directory that is new, or goes on with a load that was cut off. A directory with data of its own gets none.
 *
 * @param signal ends the load between batches; the next start goes on from there.
 * @returns what to tell the user; null if there was nothing to do.
 */
export async function loadSampleOnFirstStart(
  config: TesseraConfig,
  store: Store,
  signal: AbortSignal,
): Promise<string | null> {
  const { catalogStore, engine, directory } = store;
  const state = readSampleState(directory.documents);
  if (state?.state === 'done') {
    const isAskedFor = String(config.customers) !== SETTINGS.customers.fallback && state.customers !== config.customers;
    if (config.sample === 'none' || !isAskedFor) return null;
    return `The sample shop in ${config.dataDirectory} has ${state.customers} customers; for another size choose a new DATA_DIR.`;
  }
  const isNew = state === null && catalogStore.current().version === 0 && engine.dataVersion === 0;
  if (config.sample === 'none' || (state === null && !isNew)) return null;
  const startedMs = Date.now();
  const bar = progressBar();
  bar?.start(config.customers, 0);
  const result = await loadSampleShop({
    catalogStore,
    tagStore: engine,
    documents: directory.documents,
    customers: config.customers,
    seed: SHOP_SEED_DEFAULT,
    endMs: Date.now(),
    signal,
    onProgress: ({ customersDone, customers }) => {
      bar?.setTotal(customers);
      bar?.update(customersDone);
    },
  });
  bar?.stop();
  if (result.outcome === 'stopped') return 'Stopped; the next start goes on loading the sample shop.';
  // Else a crash soon after would read all of the shop from the log again.
  await engine.checkpoint();
  const seconds = ((Date.now() - startedMs) / 1_000).toFixed(1);
  return `Loaded the sample shop: ${result.customers} customers, ${result.messages} messages, in ${seconds} s.`;
}

/** To a terminal only: a log is no place for a bar. */
function progressBar(): SingleBar | null {
  if (!process.stdout.isTTY) {
    process.stdout.write('Loading the sample shop…\n');
    return null;
  }
  const format = 'Loading the sample shop {bar} {percentage} % | {value} of {total} customers';
  return new SingleBar({ format, hideCursor: true, stream: process.stdout }, Presets.shades_classic);
}
