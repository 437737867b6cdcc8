import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The static bearer keys of this process. Kept as SHA-256 digests; comparing digests of equal length with
 * `timingSafeEqual`, all of them each time, tells a caller nothing about how close a guess was.
 */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digestOf);
  }

  /** False: no key is asked for. */
  get required(): boolean {
    return this.#digests.length > 0;
  }

  /** True if no key is asked for, or this `Authorization` header carries one of them. */
  admits(authorization: string | undefined): boolean {
    if (!this.required) return true;
    const key = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return key !== undefined && this.accepts(key);
  }

  /** True if `key` is one of the keys. */
  accepts(key: string): boolean {
    const digest = digestOf(key);
    let found = false;
    for (const known of this.#digests) found = timingSafeEqual(known, digest) || found;
    return found;
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
