let last = 0;

/** A number for an index that no other one of this process has: tells whether another thread has it already. */
export function nextIndexId(): number {
  return ++last;
}
