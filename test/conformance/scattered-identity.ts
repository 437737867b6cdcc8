import { SHARD_SIZE } from '@tessera/embedded-engine';
import type { IdentityPort } from '@tessera/embedded-engine';
import type { Guid } from '@tessera/tag-catalog';

const BLOCK_SIZE = 65_536;

/**
 * An identity store for tests that gives the first guids of one shard to a few users, those of the next shard to the next few, and so
 * on. The guids in between count as handed out and retired.
 */
export class ScatteredIdentity implements IdentityPort {
  readonly blockSize = BLOCK_SIZE;
  readonly bytes = 0;
  /** The next user's guid is the one after it. */
  highestGuid = 0;
  readonly #guids = new Map<string, Guid>();
  readonly #cuids = new Map<number, string>();

  constructor(private readonly usersPerShard: number) {}

  get bound(): number {
    return this.#guids.size;
  }

  lookup(cuid: string): Guid | 0 {
    return this.#guids.get(cuid) ?? 0;
  }

  bind(cuid: string): Guid {
    const known = this.#guids.get(cuid);
    if (known !== undefined) return known;
    const guid = (this.highestGuid + 1) as Guid;
    this.#put(guid, cuid);
    const isShardFull = (guid % SHARD_SIZE) + 1 >= this.usersPerShard;
    this.highestGuid = isShardFull ? (Math.floor(guid / SHARD_SIZE) + 1) * SHARD_SIZE - 1 : guid;
    return guid;
  }

  lookupMany(cuids: readonly string[], out: Uint32Array): void {
    cuids.forEach((cuid, index) => (out[index] = this.lookup(cuid)));
  }

  bindMany(cuids: readonly string[], out: Uint32Array): void {
    cuids.forEach((cuid, index) => (out[index] = this.bind(cuid)));
  }

  erase(guid: Guid): void {
    const cuid = this.#cuids.get(guid);
    if (cuid === undefined) return;
    this.#cuids.delete(guid);
    this.#guids.delete(cuid);
  }

  cuidOf(guid: Guid): string | undefined {
    return this.#cuids.get(guid);
  }

  isRetired(guid: Guid): boolean {
    return !this.#cuids.has(guid);
  }

  blockOf(guid: Guid): number {
    return Math.floor((guid - 1) / BLOCK_SIZE);
  }

  serializeBlock(block: number): Buffer {
    const users = [...this.#cuids].filter(([guid]) => this.blockOf(guid as Guid) === block);
    return Buffer.from(JSON.stringify({ highestGuid: this.highestGuid, users }));
  }

  loadBlock(_block: number, bytes: Buffer): void {
    const stored = JSON.parse(bytes.toString()) as { highestGuid: number; users: [number, string][] };
    this.highestGuid = Math.max(this.highestGuid, stored.highestGuid);
    for (const [guid, cuid] of stored.users) this.#put(guid, cuid);
  }

  #put(guid: number, cuid: string): void {
    this.#guids.set(cuid, guid as Guid);
    this.#cuids.set(guid, cuid);
  }
}
