import type { ProfileView, TagState, TimedValue } from '@tessera/audience';
import type { Guid, TagDefinition } from '@tessera/tag-catalog';
import { readFields } from './read-fields';
import type { StoredField } from './read-fields';
import { readValue } from './value-codec';

/** A user's record as it was when it was read. Values are decoded when they are asked for. */
export class RedisProfileView implements ProfileView {
  #fields: ReadonlyMap<number, StoredField> | null = null;

  /** @param tags by id: those that are shown. */
  constructor(
    readonly guid: Guid,
    readonly cuid: string,
    private readonly record: Buffer,
    private readonly tags: ReadonlyMap<number, TagDefinition>,
  ) {}

  tagValue(tag: TagDefinition): TimedValue | undefined {
    if (!this.tags.has(tag.id)) return undefined;
    const stored = this.#stored().get(tag.id);
    return stored === undefined || stored.value === null
      ? undefined
      : { value: readValue(tag, stored.value), timeMs: stored.timeMs };
  }

  tagStates(): readonly TagState[] {
    const states: TagState[] = [];
    for (const tag of this.tags.values()) {
      const stored = this.#stored().get(tag.id);
      if (stored === undefined) continue;
      const value = stored.value === null ? null : readValue(tag, stored.value);
      states.push({ tag, value, timeMs: stored.timeMs });
    }
    return states;
  }

  #stored(): ReadonlyMap<number, StoredField> {
    if (this.#fields === null) {
      const fields = new Map<number, StoredField>();
      for (const field of readFields(this.record)) fields.set(field.id, field);
      this.#fields = fields;
    }
    return this.#fields;
  }
}
