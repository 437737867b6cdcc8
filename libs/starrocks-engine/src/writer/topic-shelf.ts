import { setTimeout as sleep } from 'node:timers/promises';
import type { Guid } from '@tessera/tag-catalog';
import { isUnknownTable, StarrocksError } from '../connection/starrocks-error';
import { GUID, USERS_TABLE } from '../schema/names';
import { buildLoads } from './build-loads';
import { deleteSql } from './load-sql';
import type { LoadRunner } from './load-runner';
import type { KnownGuids } from './known-guids';
import { SourceLostError, SourceState } from './source-state';
import type { RoundPart } from './source-state';
import type { RoundExtent, SourceClaims } from './source-claims';
import type { SureStatements } from './statements';
import { FencedError } from './table-load';
import type { Fence } from './table-load';
import type { WriterBatch } from './row-buffer';
import type { BufferedBytes, Tombstones, WriterEvents, WriterLimits, WriterTables } from './writer-options';

export interface TopicShelfOptions<R> {
  readonly topic: string;
  readonly statements: SureStatements;
  readonly claims: SourceClaims;
  readonly runner: LoadRunner<R>;
  readonly tables: WriterTables;
  readonly tombstones: Tombstones;
  readonly known: KnownGuids;
  readonly limits: WriterLimits;
  readonly buffered: BufferedBytes;
  readonly bytesOf: (record: R) => number;
  readonly events: WriterEvents;
}

/** Who tells a source. */
interface OpenedSource {
  readonly source: string;
  readonly id: number;
}

const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 10_000;
/** Positions that pass over nothing are written so soon. */
const PASS_MS = 200;
/** Some versions have no number of their own for it. */
const DELETED_A_STATEMENT = 1_000;
/** So much a shelf may hold in any case, so that one that is stuck leaves the others their room. */
const RESERVED_BYTES = 1_048_576;

/**
 * What comes of one topic, and how it gets into StarRocks: in rounds, one after the other, so that of two rows of one user the later one is the newer. A round
 * says what it is about to write, writes it, takes away whoever was erased meanwhile, and says that it is done.
 */
export class TopicShelf<R> {
  readonly #sources = new Map<string, SourceState<R>>();
  /** No rounds begin by themselves any more. */
  #isSealed = false;
  #openings = 0;
  #timer: NodeJS.Timeout | null = null;
  #dueMs = Infinity;
  #round: Promise<void> | null = null;
  #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();
  #trouble: string | null = null;

  constructor(private readonly options: TopicShelfOptions<R>) {}

  /** What keeps its rows from being written. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /**
   * Whoever has opened it before is listened to no more.
   * @returns the offset from which StarRocks needs the source, and the opening's number. @throws StarrocksError
   */
  async open(source: string): Promise<{ readonly next: number; readonly id: number }> {
    const id = ++this.#openings;
    const before = this.#sources.get(source);
    if (before !== undefined && !before.isLost) {
      before.drop();
      before.teller = id;
      this.#makeRoom();
      return { next: before.durable, id };
    }
    const claim = await this.options.claims.claim(source);
    // Another one may have opened it meanwhile: which claim came last nobody knows, so this one goes on and that one begins anew.
    this.#sources.get(source)?.drop();
    const { known, bytesOf, buffered } = this.options;
    const state = new SourceState<R>(source, claim, { known, bytesOf, buffered });
    state.teller = id;
    this.#sources.set(source, state);
    return { next: claim.next, id };
  }

  /** What is taken begins there. @throws SourceLostError */
  begin(source: string, id: number, position: number): void {
    const state = this.#sources.get(source);
    if (state === undefined || state.isLost || state.teller !== id) throw new SourceLostError(source);
    state.restart(position);
  }

  /** What is not being written yet will be told to somebody again. */
  leave({ source, id }: OpenedSource): void {
    const state = this.#sources.get(source);
    if (state?.teller !== id) return;
    state.drop();
    this.#makeRoom();
  }

  /** Resolves when the rows have found a place. @throws SourceLostError, the signal's reason. */
  async take(opened: OpenedSource, batch: WriterBatch<R>, signal: AbortSignal): Promise<void> {
    while (this.#isFull) {
      this.#work(0);
      await this.#room(signal);
    }
    const state = this.#sourceOf(opened);
    state.take(batch);
    this.#makeDue(state);
  }

  /** @returns everything below it is durable. @throws SourceLostError */
  settle(opened: OpenedSource, nextOffset: number): number {
    const state = this.#sourceOf(opened);
    state.pass(nextOffset);
    if (state.needsPass) this.#work(PASS_MS);
    return Math.min(nextOffset, state.isIdle ? state.through : state.durable);
  }

  /** Writes all that it holds; resolves when that is done, however long it takes. */
  async flush(): Promise<void> {
    await this.#round;
    if (this.#isClosed) return;
    this.#work(0);
    await this.#round;
  }

  /** Ends the round under way and writes what is there in a last one: no other begins, so that whoever is next finds none under way. */
  async finish(): Promise<void> {
    this.#isSealed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
    this.#begin();
    await this.#round;
  }

  /** Resolves when nothing goes on. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#makeRoom();
    await this.#round;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get #isFull(): boolean {
    const { limits, buffered } = this.options;
    let [rows, bytes] = [0, 0];
    for (const state of this.#sources.values()) {
      rows += state.rows;
      bytes += state.bytes;
    }
    if (this.#isClosed) return false;
    const isOver = buffered.bytes > limits.waitingBytes && bytes > RESERVED_BYTES;
    return isOver || rows >= 2 * limits.rows || bytes >= 2 * limits.bytes;
  }

  #sourceOf({ source, id }: OpenedSource): SourceState<R> {
    const state = this.#sources.get(source);
    if (state?.isTold !== true || state.teller !== id || state.isLost || this.#isClosed)
      throw new SourceLostError(source);
    return state;
  }

  #room(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        reject(signal.reason instanceof Error ? signal.reason : new Error('nobody waits any more'));
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.push(() => {
        signal.removeEventListener('abort', aborted);
        resolve();
      });
    });
  }

  #makeRoom(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  #makeDue(state: SourceState<R>): void {
    if (!state.hasRows) return;
    const { limits } = this.options;
    const isMuch = state.rows >= limits.rows || state.bytes >= limits.bytes;
    this.#work(isMuch ? 0 : limits.ageMs);
  }

  /** Begins a round so soon, unless one is to begin sooner, or when the one under way is over. */
  #work(inMs: number): void {
    if (this.#isClosed || this.#isSealed) return;
    const dueMs = performance.now() + inMs;
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (this.#round !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (inMs <= 0) this.#begin();
    else this.#timer = setTimeout(() => this.#begin(), inMs);
  }

  #begin(): void {
    if (this.#round !== null || this.#isClosed) return;
    this.#timer = null;
    this.#dueMs = Infinity;
    const parts = this.#collect();
    if (parts.length === 0) return;
    this.#makeRoom();
    this.#round = this.#write(parts).finally(() => {
      this.#round = null;
      // What was lost has left room too.
      this.#makeRoom();
      const dueMs = this.#dueMs;
      this.#dueMs = Infinity;
      if (dueMs < Infinity) this.#work(dueMs - performance.now());
    });
  }

  /** All that waits and may be written now. Who waits for room is woken only when there is something: else each would ask for the next round at once, for ever. */
  #collect(): RoundPart<R>[] {
    const nowMs = performance.now();
    const states = [...this.#sources.values()].filter((state) => !state.isLost);
    const late = states.filter((state) => state.fromMs > nowMs && (state.hasRows || state.needsPass));
    if (late.length > 0) this.#work(Math.min(...late.map(({ fromMs }) => fromMs)) - nowMs);
    const ready = states.filter((state) => state.fromMs <= nowMs);
    return ready.flatMap((state) => state.begin() ?? []);
  }

  /** One round. */
  async #write(all: readonly RoundPart<R>[]): Promise<void> {
    let parts = all;
    for (let pauseMs = PAUSE_MS_MIN; parts.length > 0; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      try {
        const lost = await this.#tryRound(parts);
        this.#trouble = null;
        parts = this.#withoutLost(parts, lost);
        if (lost.length > 0) continue;
        for (const part of parts) part.state.done(part);
        return;
      } catch (error) {
        this.#note(error);
        await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
        if (this.#isClosed) break;
        parts = this.#stillTold(parts);
      }
    }
    this.#trouble = null;
    for (const part of parts) part.state.giveUp(part);
  }

  /** What fails and belongs to nobody here any more need not be tried again: it is told to whoever has the source. */
  #stillTold(parts: readonly RoundPart<R>[]): RoundPart<R>[] {
    return parts.filter((part) => {
      if (part.state.tells(part)) return true;
      part.state.abandon(part);
      return false;
    });
  }

  #withoutLost(parts: readonly RoundPart<R>[], lost: readonly string[]): RoundPart<R>[] {
    return parts.filter((part) => {
      if (!lost.includes(part.state.source)) return true;
      part.state.lose(part);
      return false;
    });
  }

  /** @returns sources that belong to somebody else now: the round has to be tried without them. */
  async #tryRound(parts: readonly RoundPart<R>[]): Promise<readonly string[]> {
    const { claims, events, topic } = this.options;
    const startedMs = performance.now();
    const written = parts.filter(({ buffer }) => !buffer.isEmpty);
    const passed = parts.filter(({ buffer }) => buffer.isEmpty);
    const fence = fenceOf(written);
    const said = await bothOver(
      passed.length === 0 ? [] : claims.end(fenceOf(passed), extentsOf(passed)),
      written.length === 0 ? [] : claims.begin(fence, extentsOf(written)),
    );
    if (said.length > 0 || written.length === 0) return said;
    const lost = await this.#writeRows(written, fence);
    if (lost.length > 0) return lost;
    const repeated = written.filter(({ state, extent }) => extent.from < state.reached);
    if (repeated.length > 0) await claims.countRepeats(repeated.map(({ state }) => state.source));
    const ended = await claims.end(fence, extentsOf(written));
    if (ended.length > 0) return ended;
    const rows = written.reduce((sum, { buffer }) => sum + buffer.rows, 0);
    events.onRound(topic, rows, performance.now() - startedMs);
    return [];
  }

  async #writeRows(parts: readonly RoundPart<R>[], fence: Fence): Promise<readonly string[]> {
    const { runner, tables, tombstones, known, claims } = this.options;
    const retired = new Map<Guid, Set<string>>();
    for (const { buffer } of parts) for (const [guid, names] of buffer.retired) retired.set(guid, new Set(names));
    const buffers = parts.map(({ state, buffer }) => ({ source: state.source, buffer }));
    const loads = buildLoads(buffers, { isLeftOut: (guid) => retired.has(guid), nowMs: Date.now() });
    const names = [...new Set(loads.map(({ table }) => table))];
    const touched = [...new Map(parts.flatMap(({ buffer }) => [...buffer.touched]))];
    if (loads.length > 0) {
      const guid = touched.reduce((most, [one]) => Math.max(most, one), 0);
      await tables.demand({ tables: names, guid });
    }
    try {
      for (const load of loads) await runner.run({ ...load, batch: batchOf(parts) }, fence);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      const lost = await claims.lost(fence);
      if (lost.length > 0) return lost;
      throw new StarrocksError('StarRocks has written no row and does not say why', 'overloaded');
    }
    // Rows that are seen now of users who are not erased yet will be found by who erases them; all others are taken away here.
    const users = touched.filter(([guid]) => !retired.has(guid)).map(([guid, cuid]) => ({ guid, cuid }));
    for (const guid of await tombstones.retired(users)) retired.set(guid, new Set(names));
    await this.#takeAway(retired);
    await this.#erase(parts.flatMap(({ buffer }) => [...buffer.erased]));
    for (const { buffer } of parts) for (const guid of buffer.users.keys()) if (!retired.has(guid)) known.add(guid);
    return [];
  }

  async #takeAway(retired: ReadonlyMap<Guid, ReadonlySet<string>>): Promise<void> {
    const byTable = new Map<string, Guid[]>();
    for (const [guid, tables] of retired) {
      for (const table of new Set([USERS_TABLE, ...tables])) {
        const guids = byTable.get(table) ?? [];
        byTable.set(table, guids);
        guids.push(guid);
      }
    }
    for (const [table, guids] of byTable) await this.#delete(table, guids);
  }

  /** From all tables. */
  async #erase(guids: readonly Guid[]): Promise<void> {
    if (guids.length === 0) return;
    for (const table of [USERS_TABLE, ...(await this.options.tables.all())]) await this.#delete(table, guids);
  }

  async #delete(table: string, guids: readonly Guid[]): Promise<void> {
    for (let first = 0; first < guids.length; first += DELETED_A_STATEMENT) {
      try {
        await this.options.statements.write(deleteSql(table, GUID, guids.slice(first, first + DELETED_A_STATEMENT)));
      } catch (error) {
        // A table that is not there yet, or no more, holds nobody.
        if (!isUnknownTable(error)) throw error;
      }
    }
  }

  #note(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error);
    const isNews = this.#trouble !== trouble;
    this.#trouble = trouble;
    this.options.events.onFailure(this.options.topic, error, isNews);
  }
}

/** The same for each try of a round, and of no other round under the same claims: a source that is told again has another opening. */
function batchOf<R>(parts: readonly RoundPart<R>[]): string {
  return parts
    .map(({ state, extent, opening }) => `${state.source} ${opening} ${extent.from} ${extent.through}`)
    .join('; ');
}

type Lost = readonly string[];

/** What both have lost. @throws what the first one throws that fails, when both are over. */
async function bothOver(one: Lost | Promise<Lost>, other: Lost | Promise<Lost>): Promise<Lost> {
  const settled = await Promise.allSettled([one, other]);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}

function fenceOf<R>(parts: readonly RoundPart<R>[]): Fence {
  return new Map(parts.map(({ state }) => [state.source, state.writer] as const));
}

function extentsOf<R>(parts: readonly RoundPart<R>[]): ReadonlyMap<string, RoundExtent> {
  return new Map(parts.map(({ state, extent }) => [state.source, extent] as const));
}
