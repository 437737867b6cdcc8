import { invalidOffset, OFFSET_WAIT_MS, offsetNotReached, readRawPositions } from './raw-positions';
import type { StreamProgress } from './raw-positions';
import { SignedTokens } from './signed-tokens';

const POSITION_BYTES = 8;

/** What reads wait for. */
export interface ReadOffsets {
  /**
   * Waits until the write that gave out the token is visible; returns at once without a token.
   *
   * @throws HttpProblem 400 for a token that was never issued, 503 if 10 s were not enough. StoreUnavailableError
   */
  waitFor(token: string | undefined): Promise<void>;
  /** The same for reads of nothing but the tag catalogue. */
  waitForCatalogue(token: string | undefined): Promise<void>;
}

/** Whatever applies a log in order. */
export interface AppliedLog {
  /** Waits until `position` is applied, at most `timeoutMs`; false if it did not come. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

/** Offset tokens: positions in the log that a caller hands back as `minOffset` to read what it wrote. Positions of `tags.raw` will do as well. */
export class Offsets implements ReadOffsets {
  readonly #tokens: SignedTokens;

  /** @param stream null: none is read. */
  constructor(
    secret: Uint8Array,
    private readonly log: AppliedLog,
    private readonly stream: StreamProgress | null = null,
    private readonly waitMsMax = OFFSET_WAIT_MS,
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
    if (!(await this.#reached(token))) throw offsetNotReached(this.waitMsMax);
  }

  waitForCatalogue(token: string | undefined): Promise<void> {
    return this.waitFor(token);
  }

  #reached(token: string): Promise<boolean> {
    const positions = readRawPositions(token);
    if (positions !== null) {
      if (this.stream === null)
        throw invalidOffset('minOffset names records of tags.raw, and this service reads no stream: set KAFKA_BROKERS');
      return this.stream.reached(positions, this.waitMsMax);
    }
    const payload = this.#tokens.read(token);
    if (payload?.length !== POSITION_BYTES) {
      throw invalidOffset('minOffset was never issued by this service; use the offset that a write answered');
    }
    return this.log.waitFor(Number(payload.readBigUInt64BE()), this.waitMsMax);
  }
}
