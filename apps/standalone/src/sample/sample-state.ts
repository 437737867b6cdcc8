import type { JsonValue } from '@tessera/tag-catalog';

/** Where the state of the load is kept; the data directory's documents are one. */
export interface SampleDocuments {
  /** The stored value, undefined if there is none. */
  get(key: string): unknown;
  /** Durable once resolved. */
  put(key: string, value: JsonValue): Promise<void>;
}

/** How far the load of the sample shop is, with all that is needed to go on with the very same shop. */
export interface SampleState {
  readonly state: 'loading' | 'done';
  readonly customers: number;
  readonly seed: number;
  readonly endMs: number;
  /** Batches known to be applied; a few more may be. */
  readonly batchesDone: number;
  /** Messages in those batches. */
  readonly messages: number;
}

const STATE_KEY = 'sample-shop';

/** The state of the sample shop in this data directory; null if it was never begun. Throws if what is stored is no state. */
export function readSampleState(documents: SampleDocuments): SampleState | null {
  const stored = documents.get(STATE_KEY);
  if (stored === undefined || stored === null) return null;
  if (!isSampleState(stored)) {
    throw new Error(
      `The document "${STATE_KEY}" of the data directory does not describe a sample shop: ${JSON.stringify(stored)}`,
    );
  }
  return stored;
}

/** Durable once resolved. */
export async function writeSampleState(documents: SampleDocuments, state: SampleState): Promise<void> {
  await documents.put(STATE_KEY, { ...state });
}

function isSampleState(stored: unknown): stored is SampleState {
  if (typeof stored !== 'object' || stored === null) return false;
  const fields = new Map<string, unknown>(Object.entries(stored));
  const state = fields.get('state');
  return (
    (state === 'loading' || state === 'done') &&
    ['customers', 'seed', 'endMs', 'batchesDone', 'messages'].every((name) => Number.isSafeInteger(fields.get(name)))
  );
}
