import type { LocalIdentity } from '../local-identity';

// Globals are slow in the context that specs run in.
const { imul, floor } = Math;

export type Random = (limit: number) => number;

/** Mulberry32, as an integer below `limit`. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_',
  'éßüñøÿ\u0080\u07ff',
  '漢字かなカナ\u0800\uffff',
  '😀🦊𐍈',
].map((letters) => Array.from(letters));

/** `digits` hex digits in lower case. */
export function randomHex(random: Random, digits: number): string {
  let hex = '';
  while (hex.length < digits) hex += (random(2 ** 16) + 2 ** 16).toString(16).slice(1);
  return hex.slice(0, digits);
}

/** 32 hex digits → the UUID of the same value. */
export function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** One character replaced by another one. */
function misspell(random: Random, cuid: string): string {
  const at = random(cuid.length);
  return cuid.slice(0, at) + '0123456789abcdefABCDEF/:@`gG-\0 '.charAt(random(31)) + cuid.slice(at + 1);
}

/** 1 to 128 bytes of UTF-8, of one to four bytes a character; half of them hex digits or UUIDs, or nearly so. */
export function randomCuid(random: Random): string {
  const hex = randomHex(random, 32);
  switch (random(10)) {
    case 0:
    case 1:
      return hex;
    case 2:
      return uuidOf(hex);
    case 3:
      return random(2) === 0 ? hex.toUpperCase() : uuidOf(hex).toUpperCase();
    case 4:
      return misspell(random, random(2) === 0 ? hex : uuidOf(hex));
    case 5:
      return hex.slice(0, 1 + random(32));
    default:
      return randomText(random);
  }
}

function randomText(random: Random): string {
  let left = random(20) === 0 ? 128 : 1 + random(40);
  let cuid = '';
  while (left > 0) {
    const size = 1 + random(Math.min(4, left));
    const alphabet = ALPHABETS[size - 1]!;
    cuid += alphabet[random(alphabet.length)]!;
    left -= size;
  }
  return cuid;
}

/** Gives `loaded`, which is empty, the blocks of `identity`. */
export function copyBlocks(identity: LocalIdentity, loaded: LocalIdentity): LocalIdentity {
  for (let block = 0; block * identity.blockSize < identity.highestGuid; block++) {
    loaded.loadBlock(block, identity.serializeBlock(block));
  }
  return loaded;
}
