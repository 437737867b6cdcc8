import { HttpProblem } from '../problem/http-problem';
import { SignedTokens } from './signed-tokens';

const WAIT_MS_MAX = 10_000;
const RETRY_AFTER_SECONDS = 1;
const POSITION_BYTES = 8;

/** What reads wait for. */
export interface ReadOffsets {
  /**
   * Waits until the write that gave out the token is visible; returns at once without a token.
   *
   * @throws HttpProblem 400 for a token that was never issued, 503 if 10 s were not enough. StoreUnavailableError
   */
  waitFor(token: string | undefined): Promise<void>;
}

/** Whatever applies a log in order. */
export interface AppliedLog {
  /** Waits until `position` is applied, at most `timeoutMs`; false if it did not come. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

/** Offset tokens: positions in the log that a caller hands back as `minOffset` to read what it wrote. */
export class Offsets implements ReadOffsets {
  readonly #tokens: SignedTokens;

  constructor(
    secret: Uint8Array,
    private readonly log: AppliedLog,
    private readonly waitMsMax = WAIT_MS_MAX,
  ) {
    this.#tokens = new SignedTokens(secret, 'offset');
  }

  issue(position: number): string {
    const payload = Buffer.alloc(POSITION_BYTES);
    payload.writeBigUInt64BE(BigInt(position));
    return this.#tokens.issue(payload);
  }

  async waitFor(token: string | undefined): Promise<void> {
    if (token === undefined) return;
    const payload = this.#tokens.read(token);
    if (payload?.length !== POSITION_BYTES) {
      const message = 'minOffset was never issued by this service; use the offset that a write answered';
      throw new HttpProblem('invalid-token', message, {
        errors: [{ path: '/minOffset', code: 'invalidOffset', message }],
      });
    }
    const position = Number(payload.readBigUInt64BE());
    if (await this.log.waitFor(position, this.waitMsMax)) return;
    throw new HttpProblem(
      'unavailable',
      `The write at minOffset was not visible within ${this.waitMsMax / 1000} s; retry in ${RETRY_AFTER_SECONDS} s`,
      { retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  }
}
