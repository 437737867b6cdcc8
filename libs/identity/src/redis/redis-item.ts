import type { CuidBatch } from '../cuid-batch';
import { KIND_HEX, KIND_UUID, packedBytes } from '../packed-cuid';

/**
 * Forms of cuids by their letters: hex digits, UUIDs, other texts, long texts. Each has buckets of its own: equal bytes are different cuids, and a
 * text longer than `hash-max-listpack-value` (64 bytes by default) costs a bucket its packed form.
 */
const HEX = 0x68;
const UUID = 0x75;
const TEXT = 0x74;
const LONG_TEXT = 0x6c;
const LISTPACK_VALUE_BYTES_MAX = 64;

/** The letter of its form and the packed bytes of a cuid of the batch. */
export function itemOf(batch: CuidBatch, index: number): Buffer {
  const kind = batch.kinds[index]!;
  const length = packedBytes(kind);
  const item = Buffer.allocUnsafe(1 + length);
  item[0] = formOf(kind);
  if (item[0] !== HEX && item[0] !== UUID) {
    const at = batch.textAt[index]!;
    batch.text.copy(item, 1, at, at + length);
  } else {
    for (let word = 0; word < 4; word++) item.writeInt32LE(batch.words[4 * index + word]!, 1 + 4 * word);
  }
  return item;
}

function formOf(kind: number): number {
  if (kind === KIND_HEX) return HEX;
  if (kind === KIND_UUID) return UUID;
  return kind > LISTPACK_VALUE_BYTES_MAX ? LONG_TEXT : TEXT;
}
