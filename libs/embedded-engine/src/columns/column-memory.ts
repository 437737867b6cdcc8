/**
 * Memory of a column, zeroed. It is shared for two reasons: every thread of the process can read it in place, and V8 does not count it: 64 MB of other
 * buffers made since the last full collection begin the next one, so that columns that grow under many writes would keep it collecting.
 */
export function columnMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}
