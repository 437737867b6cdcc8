// Taken once: a look-up of a global a character is measurable.
const { imul } = Math;
/** 32-bit words of a hash. */
export const HASH_WORDS = 4;

function mix(hash: number, word: number, multiplier: number, rotation: number): number {
  const product = imul(word, multiplier);
  const rotated = (product << rotation) | (product >>> (32 - rotation));
  return imul(hash ^ rotated, 0x85ebca6b) + 0x165667b1;
}

function finish(hash: number): number {
  let h = hash;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Four seeded 32-bit hashes of the three parts, lengths included so that parts can't run into each other. */
export function hashParts(seed: Uint32Array, parts: readonly string[], out: Uint32Array): void {
  let a = seed[0]!;
  let b = seed[1]!;
  let c = seed[2]!;
  let d = seed[3]!;
  for (const part of parts) {
    for (let index = 0; index <= part.length; index++) {
      const word = index === part.length ? 0x10000 + part.length : part.charCodeAt(index);
      a = mix(a, word, 0xcc9e2d51, 15);
      b = mix(b, word ^ a, 0x1b873593, 16);
      c = mix(c, word + b, 0x38b34ae5, 17);
      d = mix(d, word ^ c, 0xa1e38b93, 18);
    }
  }
  out[0] = finish(a ^ d);
  out[1] = finish(b + a);
  out[2] = finish(c ^ b);
  out[3] = finish(d + c);
}
