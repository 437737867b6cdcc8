import type { BatchOutcome, CatalogStore, TagStore } from '@tessera/tag-catalog';
import { declareShop } from './declare-shop';
import type { ShopOptions } from './generate-customer';
import { CUSTOMERS_PER_BATCH, generateShop, shopBatchCount } from './generate-shop';
import { readSampleState, writeSampleState } from './sample-state';
import type { SampleDocuments, SampleState } from './sample-state';

export const SHOP_CUSTOMERS_MAX = 50_000_000;
export const SHOP_SEED_DEFAULT = 20_111_209;

/** Source of the shop's batches in the tag store; the position is the number of the batch, from 1. */
const SHOP_SOURCE = 'sample-shop';
/** While some batches are made durable the next ones are made. */
const BATCHES_IN_FLIGHT = 4;
/** Batches between two notes of how far the load is: bounds what a resumed load makes anew. */
const BATCHES_PER_NOTE = 32;

export interface LoadProgress {
  readonly customersDone: number;
  readonly customers: number;
  readonly messages: number;
}

export interface LoadSampleShopRequest extends ShopOptions {
  readonly catalogStore: CatalogStore;
  readonly tagStore: Pick<TagStore, 'apply'>;
  readonly documents: SampleDocuments;
  /** Called after every batch that has become durable. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Wall clock for the arrival of the batches, ms; default `Date.now`. */
  readonly nowMs?: () => number;
  /** Stops the load between batches; the next load goes on from there. */
  readonly signal?: AbortSignal;
}

export interface LoadSampleShopResult {
  /** `resumed`: went on with an interrupted load, with that one's customers, seed and end. `alreadyLoaded`: nothing to do. */
  readonly outcome: 'loaded' | 'resumed' | 'alreadyLoaded' | 'stopped';
  readonly customers: number;
  /** Messages of the shop that are stored, those of an earlier, interrupted load included. */
  readonly messages: number;
  readonly endMs: number;
}

/**
 * Declares and loads the generated shop. A load that was cut off, `kill -9` included, is gone on with by the next call:
 * the same shop is made again from the stored seed and end, and batches that the tag store has applied before are
 * skipped by their source position, so nothing is doubled.
 * @throws ShopConflictError, StoreUnavailableError, RangeError for customers outside 1 to SHOP_CUSTOMERS_MAX.
 */
export async function loadSampleShop(request: LoadSampleShopRequest): Promise<LoadSampleShopResult> {
  checkOptions(request);
  const found = readSampleState(request.documents);
  if (found?.state === 'done') return resultOf('alreadyLoaded', found);
  const begun = found ?? {
    state: 'loading',
    customers: request.customers,
    seed: request.seed,
    endMs: request.endMs,
    batchesDone: 0,
    messages: 0,
  };
  if (found === null) await writeSampleState(request.documents, begun);
  const reached = await applyBatches(request, begun);
  const isDone = reached.batchesDone === shopBatchCount(reached.customers);
  const ended: SampleState = { ...reached, state: isDone ? 'done' : 'loading' };
  await writeSampleState(request.documents, ended);
  if (!isDone) return resultOf('stopped', ended);
  return resultOf(found === null ? 'loaded' : 'resumed', ended);
}

async function applyBatches(request: LoadSampleShopRequest, begun: SampleState): Promise<SampleState> {
  const catalog = await declareShop(request.catalogStore);
  const nowMs = request.nowMs ?? Date.now;
  const inFlight: { readonly size: number; readonly applied: Promise<BatchOutcome> }[] = [];
  let state = begun;
  const settleOldest = async (): Promise<void> => {
    const oldest = inFlight.shift();
    if (oldest === undefined) return;
    throwIfRejected(await oldest.applied);
    state = { ...state, batchesDone: state.batchesDone + 1, messages: state.messages + oldest.size };
    if (state.batchesDone % BATCHES_PER_NOTE === 0) await writeSampleState(request.documents, state);
    request.onProgress?.({
      customersDone: Math.min(state.batchesDone * CUSTOMERS_PER_BATCH, state.customers),
      customers: state.customers,
      messages: state.messages,
    });
  };
  let position = begun.batchesDone;
  for (const messages of generateShop(catalog, begun, begun.batchesDone)) {
    if (request.signal?.aborted === true) break;
    position += 1;
    const applied = request.tagStore.apply({ arrivalMs: nowMs(), messages }, { source: SHOP_SOURCE, position });
    // Its failure is reported when its turn comes; until then it must not count as unhandled.
    applied.catch(() => undefined);
    inFlight.push({ size: messages.length, applied });
    if (inFlight.length >= BATCHES_IN_FLIGHT) await settleOldest();
  }
  while (inFlight.length > 0) await settleOldest();
  return state;
}

/** The generator makes valid messages only, so a rejection means that the catalogue was changed under the load. */
function throwIfRejected(outcome: BatchOutcome): void {
  for (const verdict of outcome.verdicts) {
    if (typeof verdict === 'string') continue;
    throw new Error(
      `A message of the sample shop was rejected (${verdict.code}: ${verdict.detail}); start with SAMPLE=none`,
    );
  }
}

function resultOf(outcome: LoadSampleShopResult['outcome'], state: SampleState): LoadSampleShopResult {
  return { outcome, customers: state.customers, messages: state.messages, endMs: state.endMs };
}

function checkOptions({ customers, seed, endMs }: ShopOptions): void {
  if (!Number.isInteger(customers) || customers < 1 || customers > SHOP_CUSTOMERS_MAX) {
    throw new RangeError(`customers must be a whole number from 1 to ${SHOP_CUSTOMERS_MAX}, not ${customers}`);
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a whole number, not ${seed}`);
  if (!Number.isSafeInteger(endMs)) throw new RangeError(`endMs must be whole milliseconds, not ${endMs}`);
}
