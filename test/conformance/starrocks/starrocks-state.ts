import { ReferenceEngine } from '@tessera/audience';
import type { ListStore, ReferenceStore, ReferenceUser, UserView } from '@tessera/audience';
import { RoaringBitmap32, starrocksBitmapText } from '@tessera/bitmap';
import {
  GUID,
  LISTS_TABLE,
  POSITIONS_TABLE,
  SEGMENT_GUIDS,
  USERS_TABLE,
  identifier,
  tableOf,
  textLiteral,
} from '@tessera/starrocks-engine';
import type { StarrocksPool } from '@tessera/starrocks-engine';
import type {
  BatchOutcome,
  Catalog,
  ErasureOutcome,
  Guid,
  MessageBatch,
  SourcePosition,
  SourceProgress,
  TagStore,
} from '@tessera/tag-catalog';
import type { UsersUnderTest } from '../engine-under-test';
import { eventRows, insertStatements, kvRows, profileRows, userRows } from './state-sql';
import type { TableRows } from './state-sql';
import type { StateTables } from './state-tables';

export interface StarrocksStateOptions {
  readonly pool: StarrocksPool;
  readonly tables: StateTables;
  readonly reference: ReferenceStore;
  readonly catalog: () => Catalog;
  readonly nowMs: () => number;
  /** So many users in a segment, the next ones in the next but one. Undefined: all in the first. */
  readonly usersPerSegment: number | undefined;
}

const DAY_MS = 86_400_000;

/**
 * A store whose verdicts are the oracle's and whose state stands in StarRocks as well, written by statements that anybody can check: what is under
 * test are the questions. The oracle numbers users from 1 up; in StarRocks their guids may be spread over segments.
 */
export class StarrocksState implements TagStore, UsersUnderTest {
  readonly #engine: ReferenceEngine;
  /** Rows of a user and type that are stored already, by `guid type`. */
  readonly #stored = new Map<string, number>();
  #rows = 0;
  #lists = 0;
  #position = 0;

  constructor(private readonly options: StarrocksStateOptions) {
    this.#engine = new ReferenceEngine(options.reference);
  }

  /** As docs/formats/starrocks.md tells it: positions and days. */
  get dataVersion(): number {
    return this.#position + Math.floor(this.options.nowMs() / DAY_MS);
  }

  async apply(batch: MessageBatch, source?: SourcePosition): Promise<BatchOutcome> {
    const outcome = await this.options.reference.apply(batch, source);
    const cuids = new Set(batch.messages.map(({ cuid }) => cuid));
    await this.#write([...cuids]);
    return { ...outcome, position: await this.#advance() };
  }

  async bind(cuids: readonly string[], source?: SourcePosition): Promise<BatchOutcome> {
    const outcome = await this.options.reference.bind(cuids, source);
    await this.#write(cuids);
    return { ...outcome, position: await this.#advance() };
  }

  async erase(cuid: string, arrivalMs: number, source?: SourcePosition): Promise<ErasureOutcome> {
    const guid = this.guidOf(cuid);
    const outcome = await this.options.reference.erase(cuid, arrivalMs, source);
    if (!outcome.erased || guid === undefined) return { ...outcome, position: this.#position };
    await this.options.tables.follow(this.options.catalog());
    for (const table of [USERS_TABLE, ...this.options.catalog().types.map(tableOf)]) {
      await this.options.pool.write(`DELETE FROM ${identifier(table)} WHERE ${identifier(GUID)} = ${guid}`);
    }
    return { ...outcome, position: await this.#advance() };
  }

  progressOf(source: string): SourceProgress | null {
    return this.options.reference.progressOf(source);
  }

  readonly lists: Pick<ListStore, 'create' | 'remove'> = {
    create: async (name, cuids) => {
      this.#lists += 1;
      const id = `list_${this.#lists}`;
      const collected: string[] = [];
      for await (const cuid of cuids) collected.push(cuid);
      const { matched, unknown } = this.options.reference.putList(id, collected);
      await this.#storeList(id);
      await this.#advance();
      const createdAt = new Date(this.options.nowMs()).toISOString();
      return { list: { id, name, count: matched, createdAt }, matched, unknown };
    },
    remove: async (id) => {
      const isDropped = this.options.reference.dropList(id);
      await this.options.pool.write(
        `DELETE FROM ${identifier(LISTS_TABLE)} WHERE ${identifier('sys_list')} = ${textLiteral(id)}`,
      );
      await this.#advance();
      return isDropped;
    },
  };

  user(cuid: string): UserView | undefined {
    const view = this.#engine.user(cuid);
    if (view === undefined) return undefined;
    return {
      guid: this.#spread(view.guid),
      cuid: view.cuid,
      tagValue: (tag) => view.tagValue(tag),
      tagStates: () => view.tagStates(),
      events: (type, fromMs, toMs) => view.events(type, fromMs, toMs),
      inList: (listId) => view.inList(listId),
      inSnapshot: (audienceId, version) => view.inSnapshot(audienceId, version),
    };
  }

  cuidOf(guid: Guid): string | undefined {
    const numbered = this.#gather(guid);
    return numbered === undefined ? undefined : this.#engine.cuidOf(numbered);
  }

  guidOf(cuid: string): Guid | undefined {
    const numbered = this.#engine.guidOf(cuid);
    return numbered === undefined ? undefined : this.#spread(numbered);
  }

  async waitFor(position: number): Promise<boolean> {
    return position <= this.#position;
  }

  async #write(cuids: readonly string[]): Promise<void> {
    const { tables, catalog, reference } = this.options;
    await tables.follow(catalog());
    const users = cuids.flatMap((cuid): (readonly [number, ReferenceUser])[] => {
      const user = reference.userByCuid(cuid);
      return user === undefined ? [] : [[this.#spread(user.guid), user]];
    });
    await this.#insert(userRows(users.map(([guid, { cuid }]) => [guid, cuid])));
    for (const type of catalog().types) {
      if (type.kind === 'profile') await this.#insert(profileRows(type, users));
      else if (type.kind === 'kv') await this.#insert(kvRows(type, users));
      else await this.#insert(eventRows(type, this.#newRows(type.id, users)));
    }
  }

  #newRows(typeId: number, users: readonly (readonly [number, ReferenceUser])[]): Parameters<typeof eventRows>[1] {
    return users.flatMap(([guid, user]) => {
      const key = `${guid} ${typeId}`;
      const rows = user.rows.get(typeId) ?? [];
      const isNew = rows.slice(this.#stored.get(key) ?? 0);
      this.#stored.set(key, rows.length);
      return isNew.map((row) => {
        this.#rows += 1;
        return { guid, number: this.#rows, row };
      });
    });
  }

  async #insert(rows: TableRows): Promise<void> {
    for (const statement of insertStatements(rows)) await this.options.pool.write(statement);
  }

  async #storeList(id: string): Promise<void> {
    await this.options.tables.follow(this.options.catalog());
    const bySegment = new Map<number, RoaringBitmap32>();
    for (const guid of [...this.options.reference.list(id)].map((numbered) => this.#spread(numbered))) {
      const segment = Math.floor(guid / SEGMENT_GUIDS);
      const bitmap = bySegment.get(segment) ?? new RoaringBitmap32();
      bitmap.add(guid);
      bySegment.set(segment, bitmap);
    }
    await this.#insert({
      table: LISTS_TABLE,
      columns: ['sys_list', 'sys_seg', 'sys_guids'],
      rows: [...bySegment].map(([segment, bitmap]) => [
        textLiteral(id),
        String(segment),
        `base64_to_bitmap(${textLiteral(starrocksBitmapText(bitmap))})`,
      ]),
    });
  }

  async #advance(): Promise<number> {
    await this.options.tables.follow(this.options.catalog());
    this.#position += 1;
    const position = String(this.#position);
    await this.#insert({
      table: POSITIONS_TABLE,
      columns: ['sys_source', 'sys_begun', 'sys_next'],
      rows: [[textLiteral('script'), position, position]],
    });
    return this.#position;
  }

  #spread(guid: Guid): Guid {
    const { usersPerSegment } = this.options;
    if (usersPerSegment === undefined) return guid;
    const segment = 2 * Math.floor((guid - 1) / usersPerSegment);
    return (segment * SEGMENT_GUIDS + ((guid - 1) % usersPerSegment) + 1) as Guid;
  }

  /** The oracle's number of a guid; undefined: it is nobody's. */
  #gather(guid: Guid): Guid | undefined {
    const { usersPerSegment } = this.options;
    if (usersPerSegment === undefined) return guid;
    const segment = Math.floor(guid / SEGMENT_GUIDS);
    const place = guid % SEGMENT_GUIDS;
    if (segment % 2 !== 0 || place < 1 || place > usersPerSegment) return undefined;
    return ((segment / 2) * usersPerSegment + place) as Guid;
  }
}
