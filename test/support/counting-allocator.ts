import type { GuidBlock, SequenceAllocator } from '@tessera/identity';
import type { Guid } from '@tessera/tag-catalog';

/** Hands out numbers of this process alone, from 1 up. */
export class CountingAllocator implements SequenceAllocator {
  #next = 1;

  lease(count: number): Promise<GuidBlock> {
    const first = this.#next as Guid;
    this.#next += count;
    return Promise.resolve({ first, count });
  }

  startAbove(guid: number): Promise<void> {
    this.#next = Math.max(this.#next, guid + 1);
    return Promise.resolve();
  }
}
