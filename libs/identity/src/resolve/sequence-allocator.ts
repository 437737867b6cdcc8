import type { Guid } from '@tessera/tag-catalog';

/** Guids `first` up to `first + count − 1`, nobody else's. */
export interface GuidBlock {
  readonly first: Guid;
  readonly count: number;
}

/**
 * Hands out guids that nobody was ever given. What is not used is lost: guids may have gaps, they are never handed out again.
 */
export interface SequenceAllocator {
  /**
   * Leases the next block.
   * @throws SequenceUnavailableError if it can't be asked.
   * @throws GuidsExhaustedError if there are not so many left below 2^32 − 1.
   */
  lease(count: number): Promise<GuidBlock>;

  /** From now on only guids above this one are handed out. */
  startAbove(guid: number): Promise<void>;
}

/** No new guid can be had now; cuids that have one go on. */
export class SequenceUnavailableError extends Error {
  override readonly name = 'SequenceUnavailableError';
  readonly retriable = true;
}
