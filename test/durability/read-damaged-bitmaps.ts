import { writeSync } from 'node:fs';
import { decodeStarrocksBitmap, encodeStarrocksBitmap, MalformedBitmapError, RoaringBitmap32 } from '@tessera/bitmap';
import { encodeInForm, formsFor } from '../support/starrocks-bitmaps/encode-in-form';
import { RandomSource } from '../conformance/random/random-source';

// Reads StarRocks bitmaps that were damaged, at least as many rounds as told; a line tells where it is, for when it dies.
// Usage: read-damaged-bitmaps <seed> <rounds>

const SEGMENT_GUIDS = 4_194_304;
const PROGRESS_ROUNDS = 50;

const [seed = 0, rounds = 0] = process.argv.slice(2).map(Number);
const random = new RandomSource(seed);
let refused = 0;
let read = 0;
for (let round = 0; round < rounds; round += 1) {
  if (round % PROGRESS_ROUNDS === 0) writeSync(1, `seed ${seed} round ${round}\n`);
  const bitmap = drawBitmap();
  const bytes = encodeInForm(random.pick(formsFor(bitmap.size)), bitmap, (values) => values.reverse());
  for (let n = 0; n < 20; n += 1) tryOne(damage(bytes));
}
writeSync(1, `${refused} refused, ${read} read\n`);

function tryOne(bytes: Buffer): void {
  try {
    const bitmap = decodeStarrocksBitmap(
      random.weighted({ text: 1, bytes: 1 }) === 'text' ? bytes.toString('base64') : bytes,
    );
    // Used in every way that would show, or die of, containers that are not what they say.
    const copy = new RoaringBitmap32(bitmap.toUint32Array());
    const isSame =
      copy.size === bitmap.size &&
      copy.isEqual(bitmap) &&
      RoaringBitmap32.or(bitmap, copy).isEqual(copy) &&
      RoaringBitmap32.andNot(copy, bitmap).isEmpty &&
      decodeStarrocksBitmap(encodeStarrocksBitmap(bitmap)).isEqual(copy);
    if (!isSame) throw new Error(`not the bitmap that its values make: ${bytes.toString('base64')}`);
    read += 1;
  } catch (error) {
    if (!(error instanceof MalformedBitmapError)) throw error;
    refused += 1;
  }
}

/** Of one segment: what comes in one row. */
function drawBitmap(): RoaringBitmap32 {
  const from = random.between(0, 1_000) * SEGMENT_GUIDS;
  const bitmap = new RoaringBitmap32();
  for (let pieces = random.between(0, 3); pieces > 0; pieces -= 1) {
    const at = from + random.between(0, SEGMENT_GUIDS - 1);
    const step = random.pick([1, 1, 2, 5, 50]);
    const end = Math.min(from + SEGMENT_GUIDS, at + random.between(1, 200_000));
    if (at < end) bitmap.orInPlace(RoaringBitmap32.fromRange(at, end, step));
  }
  for (let values = random.between(0, 40); values > 0; values -= 1) {
    bitmap.add(from + random.between(0, SEGMENT_GUIDS - 1));
  }
  return bitmap;
}

/** Often at the head, where what the rest means is told. */
function damage(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  const at = random.between(0, Math.min(damaged.length, random.pick([40, damaged.length])) - 1);
  switch (random.weighted({ nothing: 1, bit: 4, byte: 3, word: 3, cut: 1, lengthen: 1, remove: 1, move: 1 })) {
    case 'nothing':
      return damaged;
    case 'bit':
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.between(0, 7));
      return damaged;
    case 'byte':
      damaged[at] = random.pick([0, 1, 2, 3, 4, 10, 12, 13, 0x7f, 0x80, 0xff]);
      return damaged;
    case 'word':
      if (at + 2 <= damaged.length) damaged.writeUInt16LE(random.pick([0, 1, 4_095, 4_096, 0x8000, 0xffff]), at);
      return damaged;
    case 'cut':
      return damaged.subarray(0, at);
    case 'lengthen':
      return Buffer.concat([damaged, Buffer.alloc(random.between(1, 9), random.between(0, 255))]);
    case 'remove':
      return Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + random.between(1, 8))]);
    case 'move':
      damaged.copyWithin(at, random.between(0, damaged.length - 1));
      return damaged;
  }
}
