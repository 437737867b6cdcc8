import { randomBytes } from 'node:crypto';
import type { DataVersion, UserSet } from '@tessera/audience';
import type { Guid } from '@tessera/tag-catalog';
import { HttpProblem } from '../problem/http-problem';
import { SignedTokens } from '../requests/signed-tokens';

const KEPT_MS = 10 * 60_000;
const ID_BYTES = 9;
const PAYLOAD_BYTES = ID_BYTES + 4;
/** What an entry costs beside its set, and the least that any set is taken to cost. */
const ENTRY_BYTES = 1_024;

/** The fixed result that a cursor pages through. */
export interface KeptResult {
  readonly set: UserSet;
  readonly hash: string;
  /** Digest of the request as sent: the same text need not be bound again. */
  readonly requestDigest: string;
  readonly asOfMs: number;
  readonly dataVersion: DataVersion;
}

interface Entry extends KeptResult {
  readonly expiresMs: number;
  readonly bytes: number;
  erased: number;
}

/** A place in a kept result: members after `after` are next. */
export interface CursorPlace {
  readonly id: string;
  readonly after: number;
  readonly result: KeptResult;
  /** Members, less those erased since. */
  readonly count: number;
}

/**
 * The results that members are paged through, each kept for 10 minutes from its first page and all of them within a budget of memory; the
 * oldest go first. The newest one is kept even if it alone is over the budget, else a large audience could not be listed at all.
 */
export class MemberCursors {
  readonly #tokens: SignedTokens;
  /** In order of making, which is the order of expiry. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(
    secret: Uint8Array,
    private readonly clock: () => number,
    private readonly bytesMax: number,
  ) {
    this.#tokens = new SignedTokens(secret, 'members cursor');
  }

  /** Keeps a result; @returns its id. */
  keep(result: KeptResult): string {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const bytes = result.set.bytes + ENTRY_BYTES;
    this.#entries.set(id, { ...result, expiresMs: this.clock() + KEPT_MS, bytes, erased: 0 });
    this.#bytes += bytes;
    this.#evict();
    return id;
  }

  /** The token for the members of result `id` after guid `after`. */
  issue(id: string, after: number): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.write(id, 'base64url');
    payload.writeUInt32BE(after, ID_BYTES);
    return this.#tokens.issue(payload);
  }

  /** @throws HttpProblem 400 for a cursor that was never issued, 410 for one whose result is no longer kept. */
  find(cursor: string): CursorPlace {
    const payload = this.#tokens.read(cursor);
    if (payload?.length !== PAYLOAD_BYTES) {
      const message = 'cursor was never issued by this service; use nextCursor of the page before';
      throw new HttpProblem('invalid-token', message, {
        errors: [{ path: '/cursor', code: 'invalidCursor', message }],
      });
    }
    this.#evict();
    const id = payload.subarray(0, ID_BYTES).toString('base64url');
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      const message =
        'The result of this cursor is kept for 10 minutes, or until newer ones need its memory; start again without a cursor';
      throw new HttpProblem('cursor-expired', message, {
        errors: [{ path: '/cursor', code: 'expiredCursor', message }],
      });
    }
    return { id, after: payload.readUInt32BE(ID_BYTES), result: entry, count: entry.set.size - entry.erased };
  }

  /** A user was erased: pages leave the user out, so counts must too. */
  forget(guid: Guid): void {
    for (const entry of this.#entries.values()) {
      if (entry.set.has(guid)) entry.erased++;
    }
  }

  #evict(): void {
    const now = this.clock();
    for (const [id, entry] of this.#entries) {
      const overBudget = this.#bytes > this.bytesMax && this.#entries.size > 1;
      if (entry.expiresMs > now && !overBudget) return;
      this.#entries.delete(id);
      this.#bytes -= entry.bytes;
    }
  }
}
