import type { Guid } from '@tessera/tag-catalog';
import type { IdentityPort } from '../identity-port';

/** An identity store in plain maps whose first guid may be high, so that few users reach the next shard. */
export class NumberIdentity implements IdentityPort {
  readonly blockSize = 65_536;
  readonly bytes = 0;
  readonly #guids = new Map<string, Guid>();
  readonly #cuids = new Map<number, string>();

  highestGuid: number;

  /** @param retiredUpTo the first guid is the one after it; those up to it count as retired. */
  constructor(private readonly retiredUpTo = 0) {
    this.highestGuid = retiredUpTo;
  }

  get bound(): number {
    return this.#guids.size;
  }

  lookup(cuid: string): Guid | 0 {
    return this.#guids.get(cuid) ?? 0;
  }

  bind(cuid: string): Guid {
    const known = this.lookup(cuid);
    if (known !== 0) {
      return known;
    }
    const guid = ++this.highestGuid as Guid;
    this.#guids.set(cuid, guid);
    this.#cuids.set(guid, cuid);
    return guid;
  }

  lookupMany(cuids: readonly string[], out: Uint32Array): void {
    cuids.forEach((cuid, index) => (out[index] = this.lookup(cuid)));
  }

  bindMany(cuids: readonly string[], out: Uint32Array): void {
    cuids.forEach((cuid, index) => (out[index] = this.bind(cuid)));
  }

  erase(guid: Guid): void {
    this.#guids.delete(this.#cuids.get(guid) ?? '');
    this.#cuids.delete(guid);
  }

  cuidOf(guid: Guid): string | undefined {
    return guid <= this.retiredUpTo ? undefined : this.#cuids.get(guid);
  }

  isRetired(guid: Guid): boolean {
    return guid <= this.retiredUpTo || !this.#cuids.has(guid);
  }

  blockOf(guid: Guid): number {
    return Math.floor((guid - 1) / this.blockSize);
  }

  serializeBlock(block: number): Buffer {
    const users = [...this.#cuids].filter(([guid]) => this.blockOf(guid as Guid) === block);
    // A block says nothing of later ones, which may have grown since the moment that this block is stored for.
    const highestGuid = Math.min(this.highestGuid, (block + 1) * this.blockSize);
    return Buffer.from(JSON.stringify({ highestGuid, users }));
  }

  loadBlock(_block: number, bytes: Buffer): void {
    const stored = JSON.parse(bytes.toString()) as { highestGuid: number; users: [Guid, string][] };
    this.highestGuid = Math.max(this.highestGuid, stored.highestGuid);
    for (const [guid, cuid] of stored.users) {
      this.#guids.set(cuid, guid);
      this.#cuids.set(guid, cuid);
    }
  }
}
