import type { TagTypeDefinition } from '@tessera/tag-catalog';
import type { EventRow, UserView } from '../engine/user-view';
import type { SequenceScanNode } from '../plan/plan';
import { passesRowTests } from './compiled-tests';

/** How far a user's rows get through a sequence. */
export interface SequenceProgress {
  readonly complete: boolean;
  /** The greatest n such that the first n steps were done in order and in time, the window of the last left aside. */
  readonly stepsReached: number;
}

interface CandidateRow {
  readonly typeId: number;
  readonly row: EventRow;
}

/**
 * Looks for the sequence in one pass over the user's rows by time. For every step it keeps the latest start time of all chains that
 * got as far as that step: among chains that reached a step, the one that started last has the most time left, so no other
 * need be kept. Rows of one time are judged together, against the chains of strictly earlier rows. Stops at the first
 * complete chain. O(rows × steps).
 */
export function findSequence(node: SequenceScanNode, view: UserView): SequenceProgress {
  const { steps, interval, withinMs } = node;
  const rows = candidateRows(node, view);
  const latestStart = steps.map(() => -Infinity);
  let stepsReached = 0;
  for (let at = 0; at < rows.length;) {
    const timeMs = rows[at]?.row.timeMs ?? 0;
    const isHit = steps.map(() => false);
    for (let entry = rows[at]; entry?.row.timeMs === timeMs; entry = rows[(at += 1)]) {
      markHits(node, entry, isHit);
    }
    // From the last step down, so that a step sees the chains as they were before this time.
    for (let step = steps.length - 1; step >= 0; step -= 1) {
      const startMs = step === 0 ? timeMs : (latestStart[step - 1] ?? -Infinity);
      if (isHit[step] !== true || startMs === -Infinity || (withinMs !== null && timeMs - startMs > withinMs)) {
        continue;
      }
      stepsReached = Math.max(stepsReached, step + 1);
      const isLast = step === steps.length - 1;
      if (isLast && (interval.fromMs === null || timeMs >= interval.fromMs) && timeMs < interval.toMs) {
        return { complete: true, stepsReached };
      }
      latestStart[step] = Math.max(latestStart[step] ?? -Infinity, startMs);
    }
  }
  return { complete: false, stepsReached };
}

function markHits(node: SequenceScanNode, entry: CandidateRow, isHit: boolean[]): void {
  node.steps.forEach((step, position) => {
    if (isHit[position] !== true && step.eventType.id === entry.typeId && passesRowTests(step.where, entry.row)) {
      isHit[position] = true;
    }
  });
}

/** The rows of the steps' types that can be part of the sequence, ascending by time. */
function candidateRows(node: SequenceScanNode, view: UserView): readonly CandidateRow[] {
  const { interval, withinMs } = node;
  const fromMs = interval.fromMs === null || withinMs === null ? null : interval.fromMs - withinMs;
  const toMs = Math.min(interval.toMs, node.rowsBeforeMs);
  const isEmpty = interval.fromMs !== null && interval.fromMs >= toMs;
  if (isEmpty) {
    return [];
  }
  const types = new Map<number, TagTypeDefinition>(node.steps.map(({ eventType }) => [eventType.id, eventType]));
  const rows = [...types.values()].flatMap((type) =>
    view.events(type, fromMs, toMs).map((row) => ({ typeId: type.id, row })),
  );
  return types.size === 1 ? rows : rows.sort((left, right) => left.row.timeMs - right.row.timeMs);
}
