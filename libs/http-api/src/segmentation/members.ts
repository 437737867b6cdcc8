import { createHash } from 'node:crypto';
import type { DataVersion, SegmentationEngine, UserReader, UserSet } from '@tessera/audience';
import { formatInstant } from '@tessera/tag-catalog';
import { invalidRequest } from '../problem/http-problem';
import type { CursorPlace, MemberCursors } from './member-cursors';
import type { QuestionReader, ReadOptions } from './question';

const LIMIT_DEFAULT = 100;

export interface MembersRequest extends ReadOptions {
  readonly expression: unknown;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface MembersPage {
  readonly members: readonly string[];
  /** Left out on the last page. */
  readonly nextCursor?: string;
  readonly count: number;
  readonly asOf: string;
  readonly hash: string;
  readonly dataVersion: DataVersion;
}

/** Lists the members of an expression page by page, in guid order. */
export class MemberLister {
  constructor(
    private readonly questions: QuestionReader,
    private readonly engine: SegmentationEngine,
    private readonly users: UserReader,
    private readonly cursors: MemberCursors,
  ) {}

  /** @throws HttpProblem as `QuestionReader.read`; 400 and 410 as `MemberCursors.find`; 400 if the request is not the cursor's. */
  async list(request: MembersRequest): Promise<MembersPage> {
    const limit = request.limit ?? LIMIT_DEFAULT;
    return request.cursor === undefined ? this.#first(request, limit) : this.#next(request, request.cursor, limit);
  }

  async #first(request: MembersRequest, limit: number): Promise<MembersPage> {
    const question = await this.questions.read(request);
    const { set, dataVersion } = await this.engine.materialise(question.plan.root);
    const { members, last } = await this.#page(set, 0, limit);
    const result = { set, hash: question.hash, requestDigest: digestOf(request), asOfMs: question.asOfMs, dataVersion };
    // A result that fits on one page needs no keeping.
    const next = hasMore(set, last) ? this.cursors.issue(this.cursors.keep(result), last) : undefined;
    return pageOf(members, next, result, set.size);
  }

  async #next(request: MembersRequest, cursor: string, limit: number): Promise<MembersPage> {
    // What is wrong with the other options is told, however good the cursor is.
    await this.questions.moment(request);
    const place = this.cursors.find(cursor);
    await this.#check(request, place);
    const { set } = place.result;
    const { members, last } = await this.#page(set, place.after, limit);
    const next = hasMore(set, last) ? this.cursors.issue(place.id, last) : undefined;
    return pageOf(members, next, place.result, place.count);
  }

  /** The same text is the same question; other texts are bound, since key order and blanks do not matter. */
  async #check(request: MembersRequest, place: CursorPlace): Promise<void> {
    if (digestOf(request) === place.result.requestDigest) return;
    const question = await this.questions.read(request);
    if (question.hash !== place.result.hash) {
      throw invalidRequest(
        '/cursor',
        'cursorMismatch',
        'The cursor belongs to another expression; send the one of the first page, or start again without a cursor',
      );
    }
    if (request.asOf !== undefined && question.asOfMs !== place.result.asOfMs) {
      throw invalidRequest(
        '/asOf',
        'cursorMismatch',
        `The cursor's result is as of ${formatInstant(place.result.asOfMs)}; send that asOf, or none`,
      );
    }
  }

  /** Users erased since the result was fixed are left out. */
  async #page(set: UserSet, after: number, limit: number): Promise<{ members: string[]; last: number }> {
    const members: string[] = [];
    let last = after;
    while (members.length < limit) {
      const guids = set.page(last, limit - members.length);
      if (guids.length === 0) break;
      const cuids = await this.users.cuidsOf(guids);
      members.push(...cuids.filter((cuid) => cuid !== undefined));
      last = guids.at(-1) ?? last;
    }
    return { members, last };
  }
}

function hasMore(set: UserSet, last: number): boolean {
  return set.page(last, 1).length > 0;
}

function pageOf(
  members: readonly string[],
  nextCursor: string | undefined,
  result: { readonly asOfMs: number; readonly hash: string; readonly dataVersion: DataVersion },
  count: number,
): MembersPage {
  return {
    members,
    ...(nextCursor === undefined ? {} : { nextCursor }),
    count,
    asOf: formatInstant(result.asOfMs),
    hash: result.hash,
    dataVersion: result.dataVersion,
  };
}

function digestOf({ expression, params, timeZone, asOf }: MembersRequest): string {
  try {
    return createHash('sha256')
      .update(JSON.stringify([expression, params, timeZone, asOf]))
      .digest('base64');
  } catch {
    // Nested too deep to be written again; too deep for an expression as well, so binding says what is wrong.
    return '';
  }
}
