/** A growing set of small integers, one bit each. */
export class BitSet {
  #words = new Uint32Array(0);

  constructor(private readonly capacityMax: number) {}

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** No member is at or past it. */
  get end(): number {
    return this.#words.length << 5;
  }

  has(position: number): boolean {
    const word = this.#words[position >>> 5];
    return word !== undefined && (word & (1 << (position & 31))) !== 0;
  }

  /** Moves all to a longer array if it has to be for the position to be added. */
  makeRoom(position: number): void {
    const index = position >>> 5;
    if (index >= this.#words.length) {
      const grown = new Uint32Array(Math.min(this.capacityMax >>> 5, Math.max(16, this.#words.length * 2, index + 1)));
      grown.set(this.#words);
      this.#words = grown;
    }
  }

  add(position: number): void {
    this.makeRoom(position);
    this.#words[position >>> 5]! |= 1 << (position & 31);
  }

  delete(position: number): void {
    const index = position >>> 5;
    if (index < this.#words.length) {
      this.#words[index]! &= ~(1 << (position & 31));
    }
  }

  /** The words as little-endian bytes. */
  toBytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer, this.#words.byteOffset, this.#words.byteLength);
  }

  static fromBytes(bytes: Uint8Array, capacityMax: number): BitSet {
    const set = new BitSet(capacityMax);
    set.#words = new Uint32Array(Math.ceil(bytes.length / 4));
    new Uint8Array(set.#words.buffer).set(bytes);
    return set;
  }
}
