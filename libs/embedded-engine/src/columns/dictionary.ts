import { ByteReader, ByteWriter } from '../storage/bytes';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';
import { TextCodeCache } from './text-code-cache';

/** Codes per stored chunk. New entries rewrite only the last chunk. */
const BLOCK_SIZE = 4096;
/** A JavaScript Map ends at 2^24 entries; a new one is begun well before. */
const MAP_ENTRIES_MAX = 2 ** 23;
/** Codes freed between two pauses of a sweep: some 2 ms. */
const RELEASES_A_STEP = 4096;

class DictionaryBlock extends Chunk {
  constructor(
    key: string,
    tracker: ChunkTracker,
    private readonly texts: readonly (string | undefined)[],
    private readonly first: number,
  ) {
    super(key, tracker);
  }

  serialize(): Buffer {
    const writer = new ByteWriter();
    const end = Math.min(this.first + BLOCK_SIZE, this.texts.length);
    const free: number[] = [];
    writer.varint(end - this.first);
    for (let code = this.first; code < end; code++) {
      const text = this.texts[code];
      writer.text(text ?? '');
      if (text === undefined) {
        free.push(code - this.first);
      }
    }
    writer.varint(free.length);
    free.forEach((place) => {
      writer.varint(place);
    });
    return writer.finish();
  }
}

/**
 * The distinct texts of one field, each with a number. Numbers of texts that nobody has any more are given out again (`sweep`), so that
 * neither an erased user's texts nor a field of ever new texts stay in memory for ever.
 */
export class Dictionary {
  readonly #codes = [new Map<string, number>()];
  readonly #texts: (string | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #blocks: DictionaryBlock[] = [];
  #reused: number[] = [];
  #textBytes = 0;
  #generation = 0;
  readonly #cache = new TextCodeCache();
  /** While a sweep is under way: which codes are used, by what was found so far or by a write since it began. */
  #used: Uint8Array | null = null;

  constructor(
    private readonly fieldId: number,
    private readonly tracker: ChunkTracker,
    private readonly mapEntriesMax: number = MAP_ENTRIES_MAX,
  ) {}

  /** Codes lie below it. */
  get size(): number {
    return this.#texts.length;
  }

  /** Texts held. */
  get entries(): number {
    return this.#texts.length - this.#free.length;
  }

  /** Changes when codes are freed. While it stays, what is known of a code holds; new are those in `reused` and past the last `size`. */
  get generation(): number {
    return this.#generation;
  }

  /** Codes freed in earlier generations and given out again in this one, in order. */
  get reused(): readonly number[] {
    return this.#reused;
  }

  /** A rough figure: two bytes a character and a map entry for each text. */
  get bytes(): number {
    return this.#textBytes + this.#texts.length * 72;
  }

  code(text: string): number | undefined {
    for (let map = this.#codes.length - 1; map >= 0; map--) {
      const code = this.#codes[map]!.get(text);
      if (code !== undefined) {
        return code;
      }
    }
    return undefined;
  }

  /** The text of a code; undefined for a code that is free. */
  textOf(code: number): string | undefined {
    return this.#texts[code];
  }

  /** The text of a code that some column holds. */
  text(code: number): string {
    const text = this.#texts[code];
    if (text === undefined) {
      throw new RangeError(`Dictionary of field ${this.fieldId} has no code ${code}: damaged data.`);
    }
    return text;
  }

  /** The text's code, a new one if it is new. */
  intern(text: string): number {
    const code = this.code(text) ?? this.#add(text);
    if (this.#used !== null && code < this.#used.length) {
      this.#used[code] = 1;
    }
    return code;
  }

  /** As `intern` of the UTF-8 text in these bytes; a text met a short time ago needs no string. */
  internUtf8(bytes: Buffer, start: number, length: number): number {
    const cached = this.#used === null ? this.#cache.find(bytes, start, length) : -1;
    if (cached !== -1) {
      return cached;
    }
    const code = this.intern(bytes.toString('utf8', start, start + length));
    this.#cache.put(bytes, start, length, code);
    return code;
  }

  /** As `code`, of the UTF-8 text in these bytes. */
  codeUtf8(bytes: Buffer, start: number, length: number): number | undefined {
    const cached = this.#cache.find(bytes, start, length);
    return cached === -1 ? this.code(bytes.toString('utf8', start, start + length)) : cached;
  }

  /**
   * Frees the codes that nobody uses. `markUsed` is given a function to call with every code in use, in any order; it answers false once
   * every code is known to be used, and the rest need not be told.
   */
  sweep(markUsed: (mark: (code: number) => boolean) => void): void {
    const steps = this.sweepSteps([markUsed]);
    while (steps.next().done !== true);
  }

  /**
   * As `sweep`, with a pause after each of `parts` and after every few thousand codes freed. Texts may be written meanwhile; such a text
   * counts as used.
   */
  *sweepSteps(parts: Iterable<(mark: (code: number) => boolean) => void>): Generator<void> {
    const used = new Uint8Array(this.#texts.length);
    let left = this.entries;
    const mark = (code: number): boolean => {
      if (used[code] === 0) {
        used[code] = 1;
        left--;
      }
      return left > 0;
    };
    this.#used = used;
    try {
      for (const part of parts) {
        part(mark);
        if (left <= 0) {
          return;
        }
        yield;
      }
      yield* this.#releaseUnused(used);
    } finally {
      this.#used = null;
    }
  }

  *#releaseUnused(used: Uint8Array): Generator<void> {
    let released = 0;
    for (let code = 0; code < used.length; code++) {
      const text = this.#texts[code];
      if (text === undefined || used[code] === 1) {
        continue;
      }
      if (released % RELEASES_A_STEP === 0) {
        if (released > 0) {
          yield;
        }
        this.#generation++;
        this.#reused = [];
        this.#cache.clear();
      }
      // What was written during the pause may have taken it into use.
      if (used[code] === 0) {
        this.#release(text, code);
        released++;
      }
    }
  }

  static keyPrefix(fieldId: number): string {
    return `d/${fieldId}/`;
  }

  /** Restores one stored block; blocks come in order. */
  load(block: number, bytes: Buffer): void {
    if (block !== this.#blocks.length || this.#texts.length !== block * BLOCK_SIZE) {
      throw new RangeError(`block ${block} follows on ${this.#texts.length} codes: one is missing`);
    }
    const reader = new ByteReader(bytes);
    this.#block(block);
    const texts = Array.from({ length: reader.varint() }, () => reader.text());
    const free = new Set(Array.from({ length: reader.varint() }, () => reader.varint()));
    texts.forEach((text, place) => {
      const code = this.#texts.length;
      if (free.has(place)) {
        this.#texts.push(undefined);
        this.#free.push(code);
      } else {
        this.#put(text, code);
      }
    });
  }

  #add(text: string): number {
    const code = this.#free.at(-1) ?? this.#texts.length;
    this.#block(Math.floor(code / BLOCK_SIZE)).beforeWrite();
    if (this.#free.pop() !== undefined) {
      this.#reused.push(code);
    }
    this.#put(text, code);
    return code;
  }

  #put(text: string, code: number): void {
    let map = this.#codes.at(-1)!;
    if (map.size >= this.mapEntriesMax) {
      map = new Map();
      this.#codes.push(map);
    }
    map.set(text, code);
    this.#texts[code] = text;
    this.#textBytes += text.length * 2;
  }

  #release(text: string, code: number): void {
    this.#block(Math.floor(code / BLOCK_SIZE)).beforeWrite();
    for (const map of this.#codes) {
      map.delete(text);
    }
    this.#texts[code] = undefined;
    this.#free.push(code);
    this.#textBytes -= text.length * 2;
  }

  #block(index: number): DictionaryBlock {
    let block = this.#blocks[index];
    if (block === undefined) {
      const key = `${Dictionary.keyPrefix(this.fieldId)}${index.toString().padStart(8, '0')}`;
      block = new DictionaryBlock(key, this.tracker, this.#texts, index * BLOCK_SIZE);
      this.#blocks[index] = block;
    }
    return block;
  }
}
