/** What the ledger takes for each guid of its range. */
export const LEDGER_BYTES_A_GUID = 9;

const BOUND = 1;
const RETIRED = 2;

/** What is known of each guid of a range: whose it is, as a 64-bit hash of the cuid, and whether it is bound or retired. */
export class GuidLedger {
  readonly #hashes: Uint32Array;
  readonly #states: Uint8Array;
  #live = 0;
  #retired = 0;

  /** @param first of the range. @param guids how many it has. */
  constructor(
    readonly first: number,
    readonly guids: number,
  ) {
    this.#hashes = new Uint32Array(2 * guids);
    this.#states = new Uint8Array(guids);
  }

  /** Guids that are bound and not retired. */
  get live(): number {
    return this.#live;
  }

  get retired(): number {
    return this.#retired;
  }

  has(guid: number): boolean {
    return guid >= this.first && guid < this.first + this.guids;
  }

  isRetired(guid: number): boolean {
    return ((this.#states[guid - this.first] ?? 0) & RETIRED) !== 0;
  }

  /** @param guid of the range. @returns what is wrong with that, or null. */
  bind(guid: number, cuid: string): string | null {
    const problem = this.#own(guid, cuid);
    if (this.isRetired(guid)) return problem ?? `guid ${guid} of ${cuid} was retired and is bound again`;
    if (this.#mark(guid, BOUND)) this.#live++;
    return problem;
  }

  /** @param guid of the range. @returns what is wrong with that, or null. */
  retire(guid: number, cuid: string): string | null {
    const problem = this.#own(guid, cuid);
    const wasBound = this.#states[guid - this.first] === BOUND;
    if (!this.#mark(guid, RETIRED)) return problem;
    if (wasBound) this.#live--;
    this.#retired++;
    return problem;
  }

  /** Whether the guid is bound to this cuid, and not retired. */
  binds(guid: number, cuid: string): boolean {
    return this.#states[guid - this.first] === BOUND && this.#isOwner(guid, cuid);
  }

  /** @returns false: it had the mark before. */
  #mark(guid: number, mark: number): boolean {
    const place = guid - this.first;
    const state = this.#states[place] ?? 0;
    this.#states[place] = state | mark;
    return (state & mark) === 0;
  }

  #own(guid: number, cuid: string): string | null {
    const place = guid - this.first;
    if (this.#states[place] !== 0) {
      return this.#isOwner(guid, cuid) ? null : `guid ${guid} belongs to ${cuid} and to another cuid`;
    }
    const [high, low] = hashOf(cuid);
    this.#hashes[2 * place] = high;
    this.#hashes[2 * place + 1] = low;
    return null;
  }

  #isOwner(guid: number, cuid: string): boolean {
    const place = 2 * (guid - this.first);
    const [high, low] = hashOf(cuid);
    return this.#hashes[place] === high && this.#hashes[place + 1] === low;
  }
}

/** Two chains of the finaliser of MurmurHash3 (Appleby, public domain) over the UTF-16 code units. */
function hashOf(text: string): readonly [number, number] {
  let high = 0x9e3779b9 ^ text.length;
  let low = 0x85ebca6b;
  for (let place = 0; place < text.length; place++) {
    const unit = text.charCodeAt(place);
    high = mix(high ^ unit);
    low = mix(low + Math.imul(unit, 0x27d4eb2f));
  }
  return [high >>> 0, low >>> 0];
}

function mix(value: number): number {
  let hash = value;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
