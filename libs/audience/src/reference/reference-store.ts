import type {
  BatchOutcome,
  ErasureOutcome,
  FieldWrite,
  Guid,
  MessageBatch,
  Rejection,
  SourcePosition,
  SourceProgress,
  TagDefinition,
  TagMessage,
  TagStore,
  TagTypeDefinition,
  Verdict,
} from '@tessera/tag-catalog';
import type { EventRow } from '../engine/user-view';
import type { ReplayedField, TimedWrite } from './replay-field';
import { lastWriteWins, replayField } from './replay-field';

const DAY_MS = 86_400_000;
const ID_MEMORY_MS = 7 * DAY_MS;
const ID_MEMORY_DEFAULT = 50_000_000;

/** All writes of one field of one user in order of arrival, and what they amount to. */
export interface FieldHistory {
  readonly tag: TagDefinition;
  readonly writes: readonly TimedWrite[];
  readonly state: ReplayedField;
}

/** One known, not erased user. */
export interface ReferenceUser {
  readonly guid: Guid;
  readonly cuid: string;
  /** By tag id. */
  readonly fields: Map<number, FieldHistory>;
  /** By tag type id, in order of arrival. */
  readonly rows: Map<number, EventRow[]>;
}

export interface ReferenceStoreOptions {
  /** Wall clock, ms; judges retention at reads. */
  readonly nowMs: () => number;
  /** Message ids remembered at most (`ID_MEMORY`). */
  readonly idMemory?: number;
}

/** The earliest time a row of this type may have at this wall clock; null: any. */
function retentionStartMs(type: TagTypeDefinition, wallClockMs: number): number | null {
  if (type.retentionDays === null) return null;
  return Math.floor(wallClockMs / DAY_MS) * DAY_MS - type.retentionDays * DAY_MS;
}

/**
 * The oracle's memory: MEANING section 2 done the slow and obvious way, for tests. Everything is in memory and every write of
 * every field is kept and replayed.
 *
 * Several fields in one message: the message is refused as a whole if one field's result is out of range, and then leaves no trace.
 * Otherwise each field is judged by itself: some may win and others be stale or void; the message is stale if none won.
 *
 * Readings chosen where MEANING leaves them open:
 * - An id is remembered of the messages whose ids are checked (events, and messages with `$inc`, `$add` or `$remove`) if they were
 *   accepted or stale, while arrival < first arrival + 7 days. The id of a message of plain writes is neither checked nor kept.
 * - A rejection for what stands in the message itself, its age included, comes first; then whether it is a duplicate; only then
 *   what it does to the values. So a repeat that has expired since is rejected, and one that would now overflow is a duplicate.
 * - Increments count as having won if they were not void, even when they change nothing (`$inc: 0`, an element already there).
 * - Erasing a cuid that is not known changes nothing, the data version included.
 */
export class ReferenceStore implements TagStore {
  readonly #nowMs: () => number;
  readonly #idMemory: number;
  readonly #usersByCuid = new Map<string, ReferenceUser>();
  readonly #usersByGuid = new Map<Guid, ReferenceUser>();
  /** (type, cuid, id) → arrival of the first; the oldest stands first. */
  readonly #rememberedIds = new Map<string, number>();
  readonly #sources = new Map<string, SourceProgress>();
  readonly #lists = new Map<string, ReadonlySet<Guid>>();
  readonly #snapshots = new Map<string, ReadonlySet<Guid>>();
  #guidsGiven = 0;
  #dataVersion = 0;
  #dayOfLastLook: number;
  #hasRetention = false;
  #waiting: { readonly position: number; readonly wake: () => void }[] = [];

  constructor(options: ReferenceStoreOptions) {
    this.#nowMs = options.nowMs;
    this.#idMemory = options.idMemory ?? ID_MEMORY_DEFAULT;
    this.#dayOfLastLook = Math.floor(options.nowMs() / DAY_MS);
  }

  async apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome> {
    if (this.#hasApplied(source)) {
      return { verdicts: batch.messages.map((): Verdict => 'duplicate'), position: this.dataVersion };
    }
    const verdicts = batch.messages.map((message) => this.#applyMessage(message, batch.arrivalMs));
    this.#advance(source, verdicts);
    this.#grow();
    return { verdicts, position: this.#dataVersion };
  }

  async bind(cuids: readonly string[], source?: SourcePosition): Promise<BatchOutcome> {
    if (this.#hasApplied(source)) {
      return { verdicts: cuids.map((): Verdict => 'duplicate'), position: this.dataVersion };
    }
    const verdicts = cuids.map((cuid): Verdict => {
      if (this.#usersByCuid.has(cuid)) return 'stale';
      this.#resolve(cuid);
      return 'accepted';
    });
    this.#advance(source, verdicts);
    this.#grow();
    return { verdicts, position: this.#dataVersion };
  }

  async erase(cuid: string, _arrivalMs?: number, source?: SourcePosition): Promise<ErasureOutcome> {
    if (this.#hasApplied(source)) return { erased: false, position: this.dataVersion };
    this.#advance(source, []);
    const user = this.#usersByCuid.get(cuid);
    if (user === undefined) return { erased: false, position: this.dataVersion };
    this.#usersByCuid.delete(cuid);
    this.#usersByGuid.delete(user.guid);
    this.#grow();
    return { erased: true, position: this.#dataVersion };
  }

  progressOf(source: string): SourceProgress | null {
    return this.#sources.get(source) ?? null;
  }

  /** Makes or replaces a list of the users known now; answers how many of the distinct cuids those are. */
  putList(id: string, cuids: Iterable<string>): { readonly matched: number; readonly unknown: number } {
    const distinct = new Set(cuids);
    const guids = this.#guidsOf(distinct);
    this.#lists.set(id, guids);
    this.#grow();
    return { matched: guids.size, unknown: distinct.size - guids.size };
  }

  /** False: there is none. */
  dropList(id: string): boolean {
    const dropped = this.#lists.delete(id);
    if (dropped) this.#grow();
    return dropped;
  }

  /** Keeps a snapshot of an audience, of those of the cuids that are known. */
  putSnapshot(audienceId: string, version: number, cuids: Iterable<string>): void {
    this.#snapshots.set(JSON.stringify([audienceId, version]), this.#guidsOf(new Set(cuids)));
    this.#grow();
  }

  /** The guids in a list, erased ones perhaps still among them; empty if there is no such list. */
  list(id: string): ReadonlySet<Guid> {
    return this.#lists.get(id) ?? new Set();
  }

  snapshot(audienceId: string, version: number): ReadonlySet<Guid> {
    return this.#snapshots.get(JSON.stringify([audienceId, version])) ?? new Set();
  }

  /** Known, not erased users in guid order. */
  users(): readonly ReferenceUser[] {
    return [...this.#usersByGuid.values()].sort((left, right) => left.guid - right.guid);
  }

  userByCuid(cuid: string): ReferenceUser | undefined {
    return this.#usersByCuid.get(cuid);
  }

  userByGuid(guid: Guid): ReferenceUser | undefined {
    return this.#usersByGuid.get(guid);
  }

  /** A user's rows of one type inside the retention, by time, ties in order of arrival. */
  rows(user: ReferenceUser, type: TagTypeDefinition): readonly EventRow[] {
    const startMs = retentionStartMs(type, this.#nowMs());
    const rows = user.rows.get(type.id) ?? [];
    return rows
      .filter((row) => startMs === null || row.timeMs >= startMs)
      .sort((left, right) => left.timeMs - right.timeMs);
  }

  /** Grows with each applied batch, erasure and list change, and when a UTC midnight has moved a retention on. */
  get dataVersion(): number {
    const day = Math.floor(this.#nowMs() / DAY_MS);
    if (day > this.#dayOfLastLook) {
      this.#dayOfLastLook = day;
      if (this.#hasRetention) this.#dataVersion += 1;
    }
    return this.#dataVersion;
  }

  /** Resolves to true once `position` is applied, to false after `timeoutMs`. */
  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (this.dataVersion >= position) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#waiting.push({
        position,
        wake: () => {
          clearTimeout(timer);
          resolve(true);
        },
      });
    });
  }

  #hasApplied(source: SourcePosition | undefined): boolean {
    return source !== undefined && source.position <= (this.#sources.get(source.source)?.position ?? -Infinity);
  }

  #advance(source: SourcePosition | undefined, verdicts: readonly Verdict[]): void {
    if (source === undefined) return;
    const { position, mark, each = [] } = source;
    const refused = each.flatMap((at, index) => {
      const verdict = verdicts[index];
      return typeof verdict === 'object' ? [{ position: at, ...verdict }] : [];
    });
    this.#sources.set(source.source, { position, refused, ...(mark === undefined ? {} : { mark }) });
  }

  #grow(): void {
    this.#dataVersion = this.dataVersion + 1;
    const due = this.#waiting.filter((waiter) => waiter.position <= this.#dataVersion);
    this.#waiting = this.#waiting.filter((waiter) => waiter.position > this.#dataVersion);
    due.forEach((waiter) => waiter.wake());
  }

  #guidsOf(cuids: ReadonlySet<string>): Set<Guid> {
    const guids = new Set<Guid>();
    for (const cuid of cuids) {
      const user = this.#usersByCuid.get(cuid);
      if (user !== undefined) guids.add(user.guid);
    }
    return guids;
  }

  #applyMessage(message: TagMessage, arrivalMs: number): Verdict {
    const expired = this.#judgeRetention(message, arrivalMs);
    if (expired !== null) return expired;
    const idKey = memoryKey(message);
    if (idKey !== null && this.#isRemembered(idKey, arrivalMs)) return 'duplicate';
    const verdict = message.type.kind === 'event' ? this.#applyEvent(message) : this.#applyFields(message);
    if (typeof verdict === 'string' && idKey !== null) this.#remember(idKey, arrivalMs);
    return verdict;
  }

  #judgeRetention(message: TagMessage, arrivalMs: number): Rejection | null {
    const startMs = message.type.kind === 'event' ? retentionStartMs(message.type, arrivalMs) : null;
    if (startMs === null) return null;
    this.#hasRetention = true;
    const days = message.type.retentionDays ?? 0;
    return message.timeMs >= startMs
      ? null
      : {
          code: 'expired',
          detail: `rows of ${message.type.name} are kept ${days} days and this one is older. Send newer rows, or raise retentionDays.`,
        };
  }

  #applyEvent(message: TagMessage): 'accepted' {
    const properties = new Map(
      message.fields.flatMap((write) => (write.op === 'set' ? [[write.field.id, write.value] as const] : [])),
    );
    const user = this.#resolve(message.cuid);
    const rows = user.rows.get(message.type.id) ?? [];
    rows.push({ timeMs: message.timeMs, properties });
    user.rows.set(message.type.id, rows);
    return 'accepted';
  }

  #applyFields(message: TagMessage): 'accepted' | 'stale' | Rejection {
    const known = this.#usersByCuid.get(message.cuid);
    const histories: FieldHistory[] = [];
    let won = false;
    for (const write of message.fields) {
      const writes = [...(known?.fields.get(write.field.id)?.writes ?? []), { write, timeMs: message.timeMs }];
      const state = replayField(write.field, writes);
      if (state === undefined) continue;
      if ('code' in state) return state;
      won ||= lastWriteWins(writes);
      histories.push({ tag: tagOf(message.type, write), writes, state });
    }
    const user = this.#resolve(message.cuid);
    histories.forEach((history) => user.fields.set(history.tag.id, history));
    return won ? 'accepted' : 'stale';
  }

  #resolve(cuid: string): ReferenceUser {
    const known = this.#usersByCuid.get(cuid);
    if (known !== undefined) return known;
    this.#guidsGiven += 1;
    const user: ReferenceUser = { guid: this.#guidsGiven as Guid, cuid, fields: new Map(), rows: new Map() };
    this.#usersByCuid.set(cuid, user);
    this.#usersByGuid.set(user.guid, user);
    return user;
  }

  #isRemembered(idKey: string, arrivalMs: number): boolean {
    const firstArrivalMs = this.#rememberedIds.get(idKey);
    return firstArrivalMs !== undefined && arrivalMs < firstArrivalMs + ID_MEMORY_MS;
  }

  #remember(idKey: string, arrivalMs: number): void {
    this.#rememberedIds.delete(idKey);
    this.#rememberedIds.set(idKey, arrivalMs);
    for (const oldest of this.#rememberedIds.keys()) {
      if (this.#rememberedIds.size <= this.#idMemory) break;
      this.#rememberedIds.delete(oldest);
    }
  }
}

/** What the memory of ids holds of this message; null: its id is not checked, or it has none. */
function memoryKey(message: TagMessage): string | null {
  const isChecked =
    message.type.kind === 'event' || message.fields.some((write) => write.op !== 'set' && write.op !== 'clear');
  return isChecked && message.id !== null ? JSON.stringify([message.type.name, message.cuid, message.id]) : null;
}

function tagOf(type: TagTypeDefinition, write: FieldWrite): TagDefinition {
  const tag = type.tags.find((candidate) => candidate.id === write.field.id);
  if (tag === undefined)
    throw new Error(`${write.field.name} is no tag of ${type.name}: parse messages with its catalogue.`);
  return tag;
}
