import type { GuidBlock, SequenceAllocator } from './sequence-allocator';

/** Guids leased at a time where the caller does not say. */
const BLOCK_DEFAULT = 10_000;

/** Hands out single guids from leased blocks. Those of the block that are left when the process ends are lost. */
export class GuidSource {
  #block: GuidBlock | null = null;
  #used = 0;
  #leasing: Promise<void> | null = null;

  /** @param blockSize guids a lease. */
  constructor(
    private readonly allocator: SequenceAllocator,
    private readonly blockSize: number = BLOCK_DEFAULT,
  ) {}

  /** So many guids in ascending order. @throws as {@link SequenceAllocator.lease} does; guids taken by then are lost. */
  async take(count: number): Promise<Uint32Array> {
    const guids = new Uint32Array(count);
    for (let taken = 0; taken < count;) {
      const block = this.#block;
      if (block === null || this.#used === block.count) {
        await this.#lease(Math.max(this.blockSize, count - taken));
        continue;
      }
      const some = Math.min(count - taken, block.count - this.#used);
      for (let index = 0; index < some; index++) guids[taken + index] = block.first + this.#used + index;
      this.#used += some;
      taken += some;
    }
    return guids;
  }

  /** One lease at a time: callers that come meanwhile share the block. */
  async #lease(count: number): Promise<void> {
    this.#leasing ??= this.allocator.lease(count).then(
      (block) => {
        this.#block = block;
        this.#used = 0;
        this.#leasing = null;
      },
      (error: unknown) => {
        this.#leasing = null;
        throw error;
      },
    );
    await this.#leasing;
  }
}
