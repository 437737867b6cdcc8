import { PAGE_BYTES } from './value-file';
import type { Extent } from './value-file';

// docs/formats/data-directory.md describes these bytes.
const INLINE = 0;
const IN_FILE = 1;
const EXTENTS_AT = 12;
const EXTENT_BYTES = 8;

/** Where the value of a chunk is: in the entry itself, or in extents of the value file. */
export type ChunkPlace =
  | { readonly kind: 'inline'; readonly value: Buffer }
  | {
      readonly kind: 'file';
      /** In bytes. */
      readonly length: number;
      /** CRC-32 of the key's bytes and then the value's. */
      readonly checksum: number;
      /** As many pages as the value fills. */
      readonly extents: readonly Extent[];
    };

/** What the database `chunks` holds under a chunk's key. */
export function encodeEntry(place: ChunkPlace): Buffer {
  if (place.kind === 'inline') {
    const bytes = Buffer.allocUnsafeSlow(1 + place.value.length);
    bytes[0] = INLINE;
    place.value.copy(bytes, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(EXTENTS_AT + place.extents.length * EXTENT_BYTES);
  bytes[0] = IN_FILE;
  bytes.writeUInt32LE(place.length, 4);
  bytes.writeUInt32LE(place.checksum, 8);
  place.extents.forEach(({ first, pages }, index) => {
    bytes.writeUInt32LE(first, EXTENTS_AT + index * EXTENT_BYTES);
    bytes.writeUInt32LE(pages, EXTENTS_AT + index * EXTENT_BYTES + 4);
  });
  return bytes;
}

/** The place, or in words why the bytes give none. */
export function decodeEntry(bytes: Buffer): ChunkPlace | string {
  // A copy: the caller of a chunk store owns its values, and gets them where numbers of 8 bytes can be read in place.
  if (bytes[0] === INLINE) return { kind: 'inline', value: copyOf(bytes.subarray(1)) };
  if (bytes[0] !== IN_FILE) return `an entry of kind ${bytes[0] ?? 'none'}`;
  if (bytes.length < EXTENTS_AT || (bytes.length - EXTENTS_AT) % EXTENT_BYTES !== 0) {
    return `an entry of ${bytes.length} bytes`;
  }
  const length = bytes.readUInt32LE(4);
  const extents: Extent[] = [];
  let pages = 0;
  for (let at = EXTENTS_AT; at < bytes.length; at += EXTENT_BYTES) {
    const extent = { first: bytes.readUInt32LE(at), pages: bytes.readUInt32LE(at + 4) };
    extents.push(extent);
    pages += extent.pages;
  }
  if (pages !== Math.ceil(length / PAGE_BYTES)) return `${pages} pages for ${length} bytes`;
  return { kind: 'file', length, checksum: bytes.readUInt32LE(8), extents };
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
