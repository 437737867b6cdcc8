import { ByteReader, ByteWriter } from '../storage/bytes';
import { Chunk, type ChunkTracker } from '../storage/chunk-tracker';

/** Codes per stored chunk. New entries rewrite only the last chunk. */
const BLOCK_SIZE = 4096;

class DictionaryBlock extends Chunk {
  constructor(
    key: string,
    tracker: ChunkTracker,
    private readonly texts: readonly string[],
    private readonly first: number,
  ) {
    super(key, tracker);
  }

  serialize(): Buffer {
    const writer = new ByteWriter();
    const end = Math.min(this.first + BLOCK_SIZE, this.texts.length);
    writer.varint(end - this.first);
    for (let code = this.first; code < end; code++) {
      writer.text(this.texts[code] ?? '');
    }
    return writer.finish();
  }
}

/** The distinct texts of one field, numbered 0, 1, 2, … in order of first use. A code keeps its text for ever. */
export class Dictionary {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #blocks: DictionaryBlock[] = [];
  #textBytes = 0;

  constructor(
    private readonly fieldId: number,
    private readonly tracker: ChunkTracker,
  ) {}

  get size(): number {
    return this.#texts.length;
  }

  /** A rough figure: two bytes a character and a map entry for each text. */
  get bytes(): number {
    return this.#textBytes + this.#texts.length * 72;
  }

  code(text: string): number | undefined {
    return this.#codes.get(text);
  }

  text(code: number): string {
    const text = this.#texts[code];
    if (text === undefined) {
      throw new RangeError(`Dictionary of field ${this.fieldId} has no code ${code}: damaged data.`);
    }
    return text;
  }

  /** The text's code, a new one if it is new. */
  intern(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) {
      return known;
    }
    const code = this.#texts.length;
    const block = Math.floor(code / BLOCK_SIZE);
    this.#block(block).beforeWrite();
    this.#add(text, code);
    return code;
  }

  static keyPrefix(fieldId: number): string {
    return `d/${fieldId}/`;
  }

  /** Restores one stored block; blocks come in order. */
  load(bytes: Buffer): void {
    const reader = new ByteReader(bytes);
    this.#block(this.#blocks.length);
    const count = reader.varint();
    for (let index = 0; index < count; index++) {
      this.#add(reader.text(), this.#texts.length);
    }
  }

  #add(text: string, code: number): void {
    this.#codes.set(text, code);
    this.#texts.push(text);
    this.#textBytes += text.length * 2;
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
