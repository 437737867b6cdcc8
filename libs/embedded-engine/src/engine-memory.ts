import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { EngineStatus } from './engine-options';
import type { EngineState } from './engine-state';

/** How often it is looked whether the budget holds (ms). */
const LOOK_EVERY_MS = 1000;
const MB = 1_048_576;

export type MemoryParts = EngineStatus['bytes'];

/** Bytes of the state's parts in memory. @param caches of what is not part of the state. */
export function memoryParts(state: EngineState, caches: number): MemoryParts {
  let tags = 0;
  for (const type of state.types.values()) {
    tags += type.timesBytes;
    for (const tag of type.tags.values()) {
      tags += tag.bytes;
    }
  }
  return {
    identity: state.identity.bytes,
    tags,
    events: sumBytes(state.events.values()),
    lists: sumBytes(state.lists.values()),
    ids: state.ids.bytes,
    caches,
  };
}

/** All parts together. */
export function sumOf(parts: MemoryParts): number {
  return Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
}

function sumBytes(items: Iterable<{ readonly bytes: number }>): number {
  let bytes = 0;
  for (const item of items) {
    bytes += item.bytes;
  }
  return bytes;
}

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

  get parts(): MemoryParts {
    return memoryParts(this.state, this.caches());
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
    return sumOf(this.parts);
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
