import { RoaringBitmap32 } from '@tessera/bitmap';
import { SHARD_SIZE } from '../shard';

// Taken once: globals are slow inside the test runner's context.
const { imul, clz32 } = Math;

/** Words of one bit for each local position of a shard: position p is bit p mod 32 of word p / 32. */
export const SHARD_WORDS = SHARD_SIZE / 32;

// The portable format without run containers, https://github.com/RoaringBitmap/RoaringFormatSpec
const COOKIE = 12_346;
const CONTAINER_WORDS = 2048;
const CONTAINER_BYTES = 8192;
const CONTAINERS_MAX = SHARD_WORDS / CONTAINER_WORDS;
const ARRAY_CARDINALITY_MAX = 4096;
const HEADER_BYTES_MAX = 8 + 8 * CONTAINERS_MAX;

const scratch = new ArrayBuffer(HEADER_BYTES_MAX + CONTAINERS_MAX * CONTAINER_BYTES);
const bytes = new Uint8Array(scratch);
const halves = new Uint16Array(scratch);
const view = new DataView(scratch);
const cardinalities = new Uint32Array(CONTAINERS_MAX);

/**
 * The bitmap of the bits set in `words` (at most a shard's). Bits become containers as they are, so that a dense shard takes 0.1 ms where
 * a list of its positions takes 3.
 */
export function bitmapFromWords(words: Uint32Array): RoaringBitmap32 {
  if (words.length > SHARD_WORDS) {
    throw new RangeError(`${words.length} words are more than a shard's ${SHARD_WORDS}.`);
  }
  let containers = 0;
  for (let index = 0; index * CONTAINER_WORDS < words.length; index++) {
    cardinalities[index] = countBits(words, index * CONTAINER_WORDS, (index + 1) * CONTAINER_WORDS);
    containers += cardinalities[index] === 0 ? 0 : 1;
  }
  if (containers === 0) {
    return new RoaringBitmap32();
  }
  view.setUint32(0, COOKIE, true);
  view.setUint32(4, containers, true);
  let entryAt = 8;
  let offsetAt = 8 + 4 * containers;
  let at = 8 + 8 * containers;
  for (let index = 0; index * CONTAINER_WORDS < words.length; index++) {
    const cardinality = cardinalities[index]!;
    if (cardinality === 0) {
      continue;
    }
    view.setUint16(entryAt, index, true);
    view.setUint16(entryAt + 2, cardinality - 1, true);
    view.setUint32(offsetAt, at, true);
    entryAt += 4;
    offsetAt += 4;
    at = writeContainer(words.subarray(index * CONTAINER_WORDS, (index + 1) * CONTAINER_WORDS), cardinality, at);
  }
  return RoaringBitmap32.deserialize(bytes.subarray(0, at), 'portable');
}

/** @returns where the next container begins. */
function writeContainer(words: Uint32Array, cardinality: number, at: number): number {
  if (cardinality <= ARRAY_CARDINALITY_MAX) {
    let place = at >>> 1;
    for (let index = 0; index < words.length; index++) {
      for (let word = words[index]!; word !== 0; word &= word - 1) {
        halves[place++] = (index << 5) + 31 - clz32(word & -word);
      }
    }
    return place << 1;
  }
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), at);
  bytes.fill(0, at + words.byteLength, at + CONTAINER_BYTES);
  return at + CONTAINER_BYTES;
}

/** How many bits are set in words[from … to − 1]; ends with the words. */
export function countBits(words: Uint32Array, from: number, to: number): number {
  const end = to < words.length ? to : words.length;
  let count = 0;
  for (let index = from; index < end; index++) {
    const word = words[index]!;
    if (word !== 0) {
      count += bitsOf(word);
    }
  }
  return count;
}

/** How many bits are set in a 32-bit number. */
export function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
