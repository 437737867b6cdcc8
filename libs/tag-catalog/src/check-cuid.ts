import { describeJson, quote } from './describe-json';
import { CUID_BYTES_MAX } from './identity';
import { measureUtf8 } from './utf8';

export type CheckedCuid =
  | { readonly ok: true; readonly cuid: string }
  | { readonly ok: false; readonly code: 'invalidCuid'; readonly message: string };

/**
 * Checks a client-side user id: a string of 1 to 128 bytes of well-formed UTF-8 and, if a pattern is configured, one it
 * matches. The pattern is used as it is: anchor it with `^…$` to speak about the whole cuid.
 */
export function checkCuid(cuid: unknown, pattern?: RegExp): CheckedCuid {
  if (typeof cuid !== 'string') {
    return refuse(`cuid must be a string of 1 to ${CUID_BYTES_MAX} bytes, got ${describeJson(cuid)}`);
  }
  const bytes = measureUtf8(cuid);
  if (bytes < 0) {
    return refuse(`cuid ${quote(cuid)} holds half of a surrogate pair and has no UTF-8 form`);
  }
  if (bytes === 0) {
    return refuse(`cuid is empty; send 1 to ${CUID_BYTES_MAX} bytes`);
  }
  if (bytes > CUID_BYTES_MAX) {
    return refuse(`cuid ${quote(cuid)} has ${bytes} bytes of UTF-8, more than ${CUID_BYTES_MAX}`);
  }
  // `search`, unlike `test`, does not depend on what a pattern with the flag g matched before.
  if (pattern !== undefined && cuid.search(pattern) < 0) {
    return refuse(`cuid ${quote(cuid)} does not match the configured pattern ${String(pattern)}`);
  }
  return { ok: true, cuid };
}

function refuse(message: string): CheckedCuid {
  return { ok: false, code: 'invalidCuid', message };
}
