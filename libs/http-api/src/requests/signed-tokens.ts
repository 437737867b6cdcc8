import { createHmac, timingSafeEqual } from 'node:crypto';

const MAC_BYTES = 15;

/**
 * Tokens that only this service can make: a few bytes and a truncated HMAC-SHA256 of them under a secret, in base64url. `purpose` keeps tokens
 * of one kind from passing for another.
 */
export class SignedTokens {
  readonly #key: Buffer;

  constructor(secret: Uint8Array, purpose: string) {
    if (secret.length < 16) throw new Error(`the secret has ${secret.length} bytes; it needs at least 16`);
    this.#key = createHmac('sha256', secret).update(`tessera token ${purpose}`).digest();
  }

  issue(payload: Buffer): string {
    return Buffer.concat([payload, this.#mac(payload)]).toString('base64url');
  }

  /** The payload, undefined for anything that was never issued. */
  read(token: string): Buffer | undefined {
    if (!/^[\w-]{1,12000}$/.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // Several texts decode to the same bytes; only the one that was issued counts.
    if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== token) return undefined;
    const payload = bytes.subarray(0, -MAC_BYTES);
    return timingSafeEqual(bytes.subarray(-MAC_BYTES), this.#mac(payload)) ? payload : undefined;
  }

  #mac(payload: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest().subarray(0, MAC_BYTES);
  }
}
