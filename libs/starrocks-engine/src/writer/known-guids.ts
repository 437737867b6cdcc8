import type { Guid } from '@tessera/tag-catalog';

/** Remembers guids in a fixed amount of memory, newest ones at least; it may forget, but says of no guid that it knows it if it does not. */
export class KnownGuids {
  readonly #slots: Uint32Array;
  readonly #mask: number;

  /** @param size a power of two: so many are remembered at most, 4 bytes each. */
  constructor(size: number) {
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
  }

  has(guid: Guid): boolean {
    return this.#slots[guid & this.#mask] === guid;
  }

  add(guid: Guid): void {
    this.#slots[guid & this.#mask] = guid;
  }
}
