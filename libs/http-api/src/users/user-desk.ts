import { createHmac } from 'node:crypto';
import type { UserReader, UserView } from '@tessera/audience';
import { checkCuid, formatInstant, parseInstant } from '@tessera/tag-catalog';
import type { CatalogStore, TagStore, TagTypeDefinition } from '@tessera/tag-catalog';
import { invalidRequest, invalidRequestOf, notFound } from '../problem/http-problem';
import type { Offsets } from '../requests/offsets';
import { findTags } from '../segmentation/distribution';
import type { MemberCursors } from '../segmentation/member-cursors';
import type { QuestionReader, ReadOptions } from '../segmentation/question';
import { describeUser, eventTypes } from './describe-user';
import type { DescribedUser } from './describe-user';
import { latestRows } from './latest-rows';
import type { UserEventRow } from './latest-rows';
import { RowCursors } from './row-cursors';

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
    private readonly store: Pick<TagStore, 'erase'>,
    private readonly questions: QuestionReader,
    private readonly after: { readonly offsets: Offsets; readonly cursors: MemberCursors },
    private readonly options: UserDeskOptions,
  ) {
    this.#rowCursors = new RowCursors(options.secret);
  }

  /** @throws HttpProblem 404, 400 for a cuid that can't be one. */
  async read(cuid: string, options: ReadOptions): Promise<DescribedUser & { readonly dataVersion: number }> {
    this.checkCuid(cuid, '/cuid');
    const { asOfMs } = await this.questions.moment(options);
    const described = describeUser(this.find(cuid), this.catalogStore.current(), asOfMs, null);
    return { ...described, dataVersion: this.users.dataVersion };
  }

  /** The user's newest rows. */
  async events(cuid: string, request: UserEventsRequest): Promise<UserEventsPage> {
    this.checkCuid(cuid, '/cuid');
    const types = this.#typesOf(request.type);
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
    const view = this.find(cuid);
    const after = request.cursor === undefined ? null : this.#rowCursors.read(request.cursor, view.guid);
    const { rows, last } = latestRows(view, types, toMs, request.limit ?? EVENTS_DEFAULT, after);
    return { events: rows, ...(last === null ? {} : { nextCursor: this.#rowCursors.issue(view.guid, last) }) };
  }

  /** Users in the order asked for, null for those that are not known. */
  async readMany(
    request: UserBatchRequest,
  ): Promise<{ readonly users: readonly (DescribedUser | null)[]; readonly dataVersion: number }> {
    const cuids = this.checkCuids(request.cuids);
    const catalog = this.catalogStore.current();
    const only = request.tags === undefined ? null : findTags(catalog, request.tags);
    const { asOfMs } = await this.questions.moment(request);
    const users = cuids.map((cuid) => {
      const view = this.users.user(cuid);
      return view === undefined ? null : describeUser(view, catalog, asOfMs, only);
    });
    return { users, dataVersion: this.users.dataVersion };
  }

  /** @throws HttpProblem 404 if the user is not known (any more). */
  async erase(cuid: string): Promise<ErasureReceipt> {
    this.checkCuid(cuid, '/cuid');
    const guid = this.users.guidOf(cuid);
    const nowMs = this.options.clock();
    const { erased, position } = await this.store.erase(cuid, nowMs);
    if (!erased) throw unknownUser(cuid);
    if (guid !== undefined) this.after.cursors.forget(guid);
    return {
      receipt: createHmac('sha256', this.options.secret).update(`erasure ${position}`).digest('base64url'),
      erasedAt: formatInstant(nowMs),
      offset: this.after.offsets.issue(position),
    };
  }

  /** @throws HttpProblem 404. The view holds until the next write: use it at once. */
  find(cuid: string): UserView {
    const view = this.users.user(cuid);
    if (view === undefined) throw unknownUser(cuid);
    return view;
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

function unknownUser(cuid: string): Error {
  return notFound('/cuid', 'unknownUser', `There is no user ${JSON.stringify(cuid)}; it was never seen or was erased`);
}
