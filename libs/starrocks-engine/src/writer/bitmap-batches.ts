import { RoaringBitmap32, starrocksBitmapText } from '@tessera/bitmap';
import { SEGMENT_GUIDS } from '../schema/names';
import type { Cell } from './table-load';

/** Of one segment: its guids, as an argument of `base64_to_bitmap`, and how many they are. */
export interface SegmentText {
  readonly segment: number;
  readonly text: string;
  readonly count: number;
}

/** What goes into one statement. */
export interface BatchLimits {
  readonly rows: number;
  /** Of the rows' texts. */
  readonly characters: number;
}

/** A dozen full segments; StarRocks takes statements of 32 MB. */
export const BATCH_LIMITS: BatchLimits = { rows: 1_000, characters: 8_000_000 };
/** What a row has beside its texts. */
const ROW_CHARACTERS = 200;

/** The set cut into segments, in ascending order; those without guids are left out. */
export function* segmentsOf(guids: RoaringBitmap32): Generator<SegmentText> {
  for (let rank = 0; rank < guids.size;) {
    const segment = Math.floor((guids.at(rank) ?? 0) / SEGMENT_GUIDS);
    const from = segment * SEGMENT_GUIDS;
    const part = RoaringBitmap32.and(guids, RoaringBitmap32.fromRange(from, from + SEGMENT_GUIDS));
    yield { segment, text: starrocksBitmapText(part), count: part.size };
    rank += part.size;
  }
}

/** Rows in arrays that each fit into a statement; a row alone always does. */
export function* batchesOf(
  rows: Iterable<readonly Cell[]>,
  { rows: rowsMax, characters: charactersMax }: BatchLimits,
): Generator<readonly (readonly Cell[])[]> {
  let batch: (readonly Cell[])[] = [];
  let characters = 0;
  for (const row of rows) {
    const length = row.reduce<number>((sum, cell) => sum + String(cell).length, ROW_CHARACTERS);
    if (batch.length > 0 && (batch.length === rowsMax || characters + length > charactersMax)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(row);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}
