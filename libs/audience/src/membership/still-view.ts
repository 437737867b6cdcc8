import type { Guid, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { INSTANT_MAX_MS, retentionStartMs } from '@tessera/tag-catalog';
import type { EventRow, TagState, UserView } from '../engine/user-view';
import type { TimedValue } from '../plan/plan';

/**
 * A user's view that reads each event type once and can be moved on in time: rows that retention will have dropped by
 * `wallClockMs` are gone. For asking the same user about many instants.
 */
export class StillView implements UserView {
  readonly #rows = new Map<number, readonly EventRow[]>();

  constructor(
    private readonly view: UserView,
    /** May be moved on. */
    public wallClockMs: number,
  ) {}

  get guid(): Guid {
    return this.view.guid;
  }

  get cuid(): string {
    return this.view.cuid;
  }

  tagValue(tag: TagDefinition): TimedValue | undefined {
    return this.view.tagValue(tag);
  }

  tagStates(): readonly TagState[] {
    return this.view.tagStates();
  }

  inList(listId: string): boolean {
    return this.view.inList(listId);
  }

  inSnapshot(audienceId: string, version: number): boolean {
    return this.view.inSnapshot(audienceId, version);
  }

  /** Every row of the type that the view holds, those after as-of included, ascending by time. */
  allRows(type: TagTypeDefinition): readonly EventRow[] {
    let rows = this.#rows.get(type.id);
    if (rows === undefined) {
      rows = this.view.events(type, null, INSTANT_MAX_MS + 1);
      this.#rows.set(type.id, rows);
    }
    return rows;
  }

  /** Rows before this count nowhere; null: the type keeps them for ever. */
  keptFromMs(type: TagTypeDefinition): number | null {
    return type.retentionDays === null ? null : retentionStartMs(type.retentionDays, this.wallClockMs);
  }

  events(type: TagTypeDefinition, fromMs: number | null, toMs: number): readonly EventRow[] {
    const rows = this.allRows(type);
    const start = firstFrom(rows, Math.max(fromMs ?? -Infinity, this.keptFromMs(type) ?? -Infinity));
    return rows.slice(start, Math.max(start, firstFrom(rows, toMs)));
  }
}

/** Position of the first row at or after `timeMs`. */
function firstFrom(rows: readonly EventRow[], timeMs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.timeMs ?? Infinity) < timeMs) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
