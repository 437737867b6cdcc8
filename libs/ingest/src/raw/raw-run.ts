import { createHash } from 'node:crypto';
import type { Rejection, SourcePosition, TagMessage, TagStore, Verdict } from '@tessera/tag-catalog';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { StreamRecord } from '../ports';

/** What the store is given in one go: messages, users to be made known, or one user to be erased. */
export type RunItem =
  | { readonly kind: 'message'; readonly record: StreamRecord; readonly message: TagMessage }
  | { readonly kind: 'bind' | 'erase'; readonly record: StreamRecord; readonly cuid: string };

/** What became of one record. */
export interface RunResult {
  readonly record: StreamRecord;
  readonly verdict: Verdict;
}

export interface RunTarget {
  readonly store: TagStore;
  /** The name under which the store keeps the position. */
  readonly source: string;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Told of an item that the store fails with, before the position moves past it. */
  readonly giveUp: (record: StreamRecord, rejection: Rejection) => Promise<void>;
}

/** Recognises the record at a position again: of another topic with the same name it is another one. Never 0. */
export function checksumOf({ timestampMs, key, value }: StreamRecord): number {
  const hash = createHash('sha256').update(`${timestampMs}/${key?.length ?? -1}/`);
  if (key !== null) hash.update(key);
  if (value !== null) hash.update(value);
  return hash.digest().readUInt32LE(0) || 1;
}

/**
 * Gives the items, all of one kind, to the store. Where it throws for what they are and not for how it is, they are halved until the one is
 * found that it throws for: that one is given up, the others are applied.
 * @param last the last record that the run covers: the position moves there, with no items too.
 * @returns of each item that was not given up. @throws StoreUnavailableError: what was applied before has moved the position.
 */
export async function applyRun(
  target: RunTarget,
  items: readonly RunItem[],
  last: StreamRecord,
): Promise<readonly RunResult[]> {
  try {
    const verdicts = await give(target, items, last);
    return items.map(({ record }, index) => ({ record, verdict: verdicts[index] ?? 'accepted' }));
  } catch (error) {
    const [only] = items;
    if (error instanceof StoreUnavailableError || only === undefined) throw error;
    if (items.length === 1) {
      const what = error instanceof Error ? error.message : String(error);
      await target.giveUp(only.record, { code: 'notApplied', detail: `the store failed with it: ${what}` });
      await give(target, [], last);
      return [];
    }
    const half = items.length >> 1;
    const first = items.slice(0, half);
    const before = await applyRun(target, first, first.at(-1)?.record ?? last);
    return [...before, ...(await applyRun(target, items.slice(half), last))];
  }
}

async function give(
  { store, source, now }: RunTarget,
  items: readonly RunItem[],
  last: StreamRecord,
): Promise<readonly Verdict[]> {
  const [first] = items;
  const position: SourcePosition = { source, position: last.offset, mark: checksumOf(last) };
  if (first?.kind === 'erase') {
    await store.erase(first.cuid, now(), position);
    return [];
  }
  const each = items.map(({ record }) => record.offset);
  if (first?.kind === 'bind') {
    const cuids = items.flatMap((item) => (item.kind === 'bind' ? [item.cuid] : []));
    return (await store.bind(cuids, { ...position, each })).verdicts;
  }
  const messages = items.flatMap((item) => (item.kind === 'message' ? [item.message] : []));
  return (await store.apply({ arrivalMs: now(), messages }, { ...position, each })).verdicts;
}
