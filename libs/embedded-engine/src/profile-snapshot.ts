import type { ProfileView, TagState, TimedValue } from '@tessera/audience';
import type { Guid, TagDefinition } from '@tessera/tag-catalog';

/** A user's tags as they were at one moment; later writes don't change it. */
export class ProfileSnapshot implements ProfileView {
  readonly guid: Guid;
  readonly cuid: string;
  readonly #states: readonly TagState[];
  #byTag: ReadonlyMap<number, TagState> | null = null;

  constructor(view: ProfileView) {
    this.guid = view.guid;
    this.cuid = view.cuid;
    this.#states = view.tagStates();
  }

  tagStates(): readonly TagState[] {
    return this.#states;
  }

  tagValue(tag: TagDefinition): TimedValue | undefined {
    this.#byTag ??= new Map(this.#states.map((state) => [state.tag.id, state]));
    const state = this.#byTag.get(tag.id);
    return state === undefined || state.value === null ? undefined : { value: state.value, timeMs: state.timeMs };
  }
}
