/**
 * Strings in this project are ordered, measured and limited as UTF-8 bytes (MEANING section 1), but JavaScript holds UTF-16.
 * Everything here works on the UTF-16 units directly: no encoding, no allocation.
 */

/**
 * Moves surrogates (D800–DFFF, code points from U+10000) above E000–FFFF, where UTF-8 has them: the only place where the
 * order of UTF-16 units differs from the order of UTF-8 bytes.
 */
function utf8Rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/**
 * Orders two well-formed strings as their UTF-8 bytes: negative, 0 or positive.
 */
export function compareUtf8(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      return left >= 0xd800 && right >= 0xd800 ? utf8Rank(left) - utf8Rank(right) : left - right;
    }
  }
  return a.length - b.length;
}

/** Bytes of the text in UTF-8; a lone surrogate counts as 3, as the replacement character does. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      bytes += 1;
    } else if (unit < 0x800) {
      bytes += 2;
    } else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text, index + 1)) {
      bytes += 4;
      index++;
    } else {
      bytes += 3;
    }
  }
  return bytes;
}

/** False if the text holds a lone surrogate, that is, has no UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return measureUtf8(text) >= 0;
}

/** Bytes in UTF-8, or −1 if the text is not well-formed: one pass for the two checks every string goes through. */
export function measureUtf8(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      bytes += 1;
    } else if (unit < 0x800) {
      bytes += 2;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes += 3;
    } else if (unit < 0xdc00 && isLowSurrogate(text, index + 1)) {
      bytes += 4;
      index++;
    } else {
      return -1;
    }
  }
  return bytes;
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index); // NaN past the end: both comparisons are false
  return unit >= 0xdc00 && unit <= 0xdfff;
}
