import { createHmac } from 'node:crypto';
import type { DataVersion, ReadUser, UserReader, UserWants } from '@tessera/audience';
import { checkCuid, formatInstant, parseInstant } from '@tessera/tag-catalog';
import type { Catalog, CatalogStore, TagTypeDefinition } from '@tessera/tag-catalog';
import { invalidRequest, invalidRequestOf, notConfigured, notFound } from '../problem/http-problem';
import type { ErasureSink } from '../messages/message-sink';
import { findTags } from '../segmentation/distribution';
import type { MemberCursors } from '../segmentation/member-cursors';
import type { QuestionReader, ReadOptions } from '../segmentation/question';
import { describeUser, eventTypes, wantsOfDescription } from './describe-user';
import type { DescribedUser } from './describe-user';
import { latestRows, wantsOfRows } from './latest-rows';
import type { UserEventRow } from './latest-rows';
import { foreignCursor, RowCursors } from './row-cursors';

const EVENTS_DEFAULT = 100;

export interface UserBatchRequest extends ReadOptions {
  readonly cuids: readonly unknown[];
  readonly tags?: readonly string[];
}

export interface UserEventsRequest {
  readonly type: string | undefined;
  readonly limit: number | undefined;
  readonly before: string | undefined;
  readonly cursor: string | undefined;
  readonly minOffset: string | undefined;
}

/** Rows, newest first. */
export interface UserEventsPage {
  readonly events: readonly UserEventRow[];
  /** Left out on the last page. */
  readonly nextCursor?: string;
}

/** Proof that a user was erased. */
export interface ErasureReceipt {
  /** Names this erasure; says nothing about the user. */
  readonly receipt: string;
  readonly erasedAt: string;
  /** For `minOffset` of reads that must not see the user any more. */
  readonly offset: string;
}

export interface UserDeskOptions {
  readonly secret: Uint8Array;
  readonly clock: () => number;
  readonly cuidPattern: RegExp | null;
}

/** Reads and erases single users. */
export class UserDesk {
  readonly #rowCursors: RowCursors;

  constructor(
    private readonly catalogStore: CatalogStore,
    private readonly users: UserReader,
    private readonly erasures: ErasureSink,
    private readonly questions: QuestionReader,
    private readonly cursors: MemberCursors,
    private readonly options: UserDeskOptions,
  ) {
    this.#rowCursors = new RowCursors(options.secret);
  }

  /** @throws HttpProblem 404, 400 for a cuid that can't be one. */
  async read(cuid: string, options: ReadOptions): Promise<DescribedUser & { readonly dataVersion: DataVersion }> {
    this.checkCuid(cuid, '/cuid');
    const { asOfMs } = await this.questions.moment(options);
    const catalog = this.catalogStore.current();
    const description = { asOfMs, only: null, eventTypes: this.#typesSummedUp(catalog) };
    const wants = wantsOfDescription(description, catalog);
    const { result, dataVersion } = await this.find(cuid, wants, (user) => describeUser(user, description));
    return { ...result, dataVersion };
  }

  /** The user's newest rows. */
  async events(cuid: string, request: UserEventsRequest): Promise<UserEventsPage> {
    this.checkCuid(cuid, '/cuid');
    const types = this.#typesOf(request.type);
    if (this.users.rows === 'absent') throw notConfigured('Showing rows of events');
    const { asOfMs } = await this.questions.moment(
      request.minOffset === undefined ? {} : { minOffset: request.minOffset },
    );
    const beforeMs = request.before === undefined ? asOfMs + 1 : parseInstant(request.before);
    if (beforeMs === null) {
      throw invalidRequest(
        '/before',
        'invalidInstant',
        'before is not RFC 3339 with a zone, such as 2026-11-01T00:00:00Z',
      );
    }
    const toMs = Math.min(beforeMs, asOfMs + 1);
    const cursor = request.cursor === undefined ? null : this.#rowCursors.read(request.cursor);
    const range = { types, toMs, limit: request.limit ?? EVENTS_DEFAULT, after: cursor?.place ?? null };
    const { result } = await this.find(cuid, wantsOfRows(range), (user) => {
      if (cursor !== null && cursor.guid !== user.guid) throw foreignCursor();
      return { guid: user.guid, ...latestRows(user, range) };
    });
    const { guid, rows, last } = result;
    return { events: rows, ...(last === null ? {} : { nextCursor: this.#rowCursors.issue(guid, last) }) };
  }

  /** Users in the order asked for, null for those that are not known. */
  async readMany(
    request: UserBatchRequest,
  ): Promise<{ readonly users: readonly (DescribedUser | null)[]; readonly dataVersion: DataVersion }> {
    const cuids = this.checkCuids(request.cuids);
    const catalog = this.catalogStore.current();
    const only = request.tags === undefined ? null : findTags(catalog, request.tags);
    const { asOfMs } = await this.questions.moment(request);
    const description = { asOfMs, only, eventTypes: this.#typesSummedUp(catalog) };
    const wants = wantsOfDescription(description, catalog);
    const { results, dataVersion } = await this.users.read(cuids, wants, (user) =>
      user === undefined ? null : describeUser(user, description),
    );
    return { users: results, dataVersion };
  }

  /** @throws HttpProblem 404 if the user is not known (any more). */
  async erase(cuid: string): Promise<ErasureReceipt> {
    this.checkCuid(cuid, '/cuid');
    const nowMs = this.options.clock();
    // Where it takes effect later, pages of results fixed before go on showing the user until then.
    const [guid] = this.erasures.decides ? await this.users.guidsOf([cuid]) : [];
    const { erased, offset } = await this.erasures.erase(cuid, nowMs);
    if (!erased) throw unknownUser(cuid);
    if (guid !== undefined) this.cursors.forget(guid);
    return {
      receipt: createHmac('sha256', this.options.secret).update(`erasure ${offset}`).digest('base64url'),
      erasedAt: formatInstant(nowMs),
      offset,
    };
  }

  /** @throws HttpProblem 404, and what `use` throws. */
  async find<T>(
    cuid: string,
    wants: UserWants,
    use: (user: ReadUser) => T,
  ): Promise<{ readonly result: T; readonly dataVersion: DataVersion }> {
    const { results, dataVersion } = await this.users.read([cuid], wants, (user) => {
      if (user === undefined) throw unknownUser(cuid);
      return { result: use(user) };
    });
    const [found] = results;
    if (found === undefined) throw new Error('the reader gave no answer for a user');
    return { result: found.result, dataVersion };
  }

  /** @throws HttpProblem 400. */
  checkCuid(cuid: unknown, path: string): string {
    const checked = checkCuid(cuid, this.options.cuidPattern ?? undefined);
    if (!checked.ok) throw invalidRequest(path, checked.code, checked.message);
    return checked.cuid;
  }

  /** @throws HttpProblem 400 naming every one that can't be a cuid. */
  checkCuids(cuids: readonly unknown[]): readonly string[] {
    const checked = cuids.map((cuid) => checkCuid(cuid, this.options.cuidPattern ?? undefined));
    const errors = checked.flatMap((each, index) =>
      each.ok ? [] : [{ path: `/cuids/${index}`, code: each.code, message: each.message }],
    );
    if (errors.length > 0) throw invalidRequestOf(errors);
    return checked.flatMap((each) => (each.ok ? [each.cuid] : []));
  }

  /** Null: rows are not read here. */
  #typesSummedUp(catalog: Catalog): readonly TagTypeDefinition[] | null {
    return this.users.rows === 'absent' ? null : eventTypes(catalog);
  }

  #typesOf(name: string | undefined): readonly TagTypeDefinition[] {
    const types = eventTypes(this.catalogStore.current());
    if (name === undefined) return types;
    const type = types.find((each) => each.name === name);
    if (type !== undefined) return [type];
    throw notFound(
      '/type',
      'unknownEvent',
      `There is no event type ${JSON.stringify(name.slice(0, 100))}; GET /v1/tag-types lists the types`,
    );
  }
}

/** 404. */
export function unknownUser(cuid: string): Error {
  return notFound('/cuid', 'unknownUser', `There is no user ${JSON.stringify(cuid)}; it was never seen or was erased`);
}
