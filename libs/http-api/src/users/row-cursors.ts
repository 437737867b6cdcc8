import type { Guid } from '@tessera/tag-catalog';
import { HttpProblem } from '../problem/http-problem';
import { SignedTokens } from '../requests/signed-tokens';
import type { RowPlace } from './latest-rows';

const TIME_AT = 4;
const TYPE_AT = 12;
const ARRIVAL_AT = 16;
const PAYLOAD_BYTES = 20;

/** Cursors over the rows of one user. They hold all they need: nothing is kept, and they do not expire. */
export class RowCursors {
  readonly #tokens: SignedTokens;

  constructor(secret: Uint8Array) {
    this.#tokens = new SignedTokens(secret, 'rows cursor');
  }

  issue(guid: Guid, { timeMs, typeId, arrival }: RowPlace): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUInt32BE(guid, 0);
    payload.writeDoubleBE(timeMs, TIME_AT);
    payload.writeUInt32BE(typeId, TYPE_AT);
    payload.writeUInt32BE(arrival, ARRIVAL_AT);
    return this.#tokens.issue(payload);
  }

  /** The guid of the user for whom it was issued, and the place. @throws HttpProblem 400 for a cursor that was never issued. */
  read(cursor: string): { readonly guid: number; readonly place: RowPlace } {
    const payload = this.#tokens.read(cursor);
    if (payload?.length !== PAYLOAD_BYTES) throw foreignCursor();
    return {
      guid: payload.readUInt32BE(0),
      place: {
        timeMs: payload.readDoubleBE(TIME_AT),
        typeId: payload.readUInt32BE(TYPE_AT),
        arrival: payload.readUInt32BE(ARRIVAL_AT),
      },
    };
  }
}

/** 400. */
export function foreignCursor(): HttpProblem {
  const message = 'cursor was never issued for the rows of this user; use nextCursor of the page before';
  return new HttpProblem('invalid-token', message, { errors: [{ path: '/cursor', code: 'invalidCursor', message }] });
}
