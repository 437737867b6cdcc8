import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { EngineStatus } from './engine-options';
import type { EngineState } from './engine-state';
import { stateBytes, totalBytes } from './state-bytes';

/** How often it is looked whether the budget holds (ms). */
const LOOK_EVERY_MS = 1000;
const MB = 1_048_576;

interface Sizes {
  readonly [name: string]: number;
}

/** Keeps the state within its budget while the engine is open. */
export class EngineMemory {
  #timer: NodeJS.Timeout | null = null;
  #checkpoint: Promise<void> | null = null;

  /**
   * @param caches bytes of what is kept beside the state.
   * @param checkpoint makes what has changed free to leave memory; null: the directory takes none.
   */
  constructor(
    private readonly state: EngineState,
    private readonly caches: () => number,
    private readonly checkpoint: (() => Promise<void>) | null,
  ) {
    state.residency.measureWith(() => this.usedBytes);
  }

  get parts(): EngineStatus['bytes'] {
    return { ...stateBytes(this.state), caches: this.caches() };
  }

  byField(): { readonly tags: Sizes; readonly events: Sizes; readonly writeTimes: number } {
    const tags: { [tag: string]: number } = {};
    const events: { [type: string]: number } = {};
    let writeTimes = 0;
    for (const type of this.state.types.values()) {
      writeTimes += type.timesBytes;
      for (const { tag, bytes } of type.tags.values()) {
        tags[`${tag.typeName}.${tag.name}`] = bytes;
      }
    }
    for (const { type, bytes } of this.state.events.values()) {
      events[type.name] = bytes;
    }
    return { tags, events, writeTimes };
  }

  get usedBytes(): number {
    return totalBytes(this.state) + this.caches();
  }

  /** For status pages. */
  get status(): EngineStatus['memory'] {
    const { budget, reads, evictions, isOver } = this.state.residency;
    const bytesMax = budget.bytesMax === Infinity ? null : budget.bytesMax;
    return { usedBytes: this.usedBytes, bytesMax, reads, evictions, isOver };
  }

  start(): void {
    if (this.state.residency.budget.bytesMax === Infinity) {
      return;
    }
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS);
    this.#timer.unref();
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** @throws StoreUnavailableError (retriable) while the state takes more than its budget and nothing more can leave memory. */
  refuseIfOver(): void {
    const { isOver, budget } = this.state.residency;
    if (isOver) {
      throw new StoreUnavailableError(
        `the state takes ${Math.ceil(this.usedBytes / MB)} MB in memory, over the limit of ${Math.floor(budget.bytesMax / MB)} MB (MEMORY_MB), and nothing more of it can be left to the disk: raise the limit, shorten the retention of events or delete what is not needed; reads go on`,
        true,
      );
    }
  }

  /** What has changed since the last checkpoint can't leave memory, so that one is made where room is short. */
  #look(): void {
    const { residency, tracker } = this.state;
    residency.look();
    if (residency.isOver && tracker.dirtyCount > 0 && this.checkpoint !== null && this.#checkpoint === null) {
      this.#checkpoint = this.checkpoint()
        .catch(() => undefined)
        .then(() => {
          this.#checkpoint = null;
          residency.look();
        });
    }
  }
}
