declare const guidBrand: unique symbol;

/**
 * Dense unsigned 32-bit integer for one cuid, from 1 up; a bitmap position. Belongs to one cuid for ever (MEANING section 2, Erasure).
 */
export type Guid = number & { readonly [guidBrand]: true };

/** Client-side user id as received: 1 to 128 bytes of well-formed UTF-8, compared as bytes. */
export const CUID_BYTES_MAX = 128;
