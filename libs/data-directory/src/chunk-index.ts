import { crc32 } from './checksum';
import { decodeEntry } from './chunk-entry';
import type { ChunkPlace } from './chunk-entry';
import { CorruptChunkError } from './errors';
import { encodeKey } from './lmdb-environment';
import type { SealedDatabase } from './lmdb-environment';
import { PAGE_BYTES } from './value-file';

/** Where the values of chunks are. */
export const CHUNK_DATABASE = 'chunks';

export type PlaceInFile = Extract<ChunkPlace, { kind: 'file' }>;

/** Reads the entries of the database `chunks`. */
export class ChunkIndex {
  /** @param database called `chunks`. */
  constructor(private readonly database: SealedDatabase) {}

  /** @throws CorruptChunkError */
  placeOf(key: string): ChunkPlace | undefined {
    const entry = this.database.get(key);
    if (entry === undefined) return undefined;
    const place = decodeEntry(entry);
    if (typeof place === 'string') throw new CorruptChunkError(CHUNK_DATABASE, key, place);
    return place;
  }

  /** Null for what is not in the file; for a damaged entry too: whoever reads its chunk gets an error. */
  placeInFile(key: string): PlaceInFile | null {
    try {
      const place = this.placeOf(key);
      return place?.kind === 'file' ? place : null;
    } catch (error) {
      if (error instanceof CorruptChunkError) return null;
      throw error;
    }
  }

  placesInFile(): PlaceInFile[] {
    return this.database.keys('').flatMap((key) => this.placeInFile(key) ?? []);
  }
}

/** @param isComplete false: the file ended before the value did. @throws CorruptChunkError unless the value is what was put. */
export function checkValue(key: string, { checksum, length }: PlaceInFile, value: Buffer, isComplete: boolean): Buffer {
  if (!isComplete) {
    throw new CorruptChunkError(CHUNK_DATABASE, key, `the value file ends before its ${length} bytes do`);
  }
  if (crc32(value, crc32(encodeKey(key))) !== checksum) {
    throw new CorruptChunkError(CHUNK_DATABASE, key, 'its checksum does not match');
  }
  return value;
}

/** Byte of the file behind the value. */
export function endOf({ length, extents }: PlaceInFile): number {
  const last = extents.at(-1);
  if (last === undefined) return 0;
  const before = extents.slice(0, -1).reduce((sum, { pages }) => sum + pages, 0);
  return last.first * PAGE_BYTES + length - before * PAGE_BYTES;
}
