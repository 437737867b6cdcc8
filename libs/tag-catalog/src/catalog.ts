import type { JsonValue, ValueSpec } from './value-type';

/** `profile` and `kv`: fields are tags (state of a user). `event`: fields are properties of one dated occurrence. */
export type TagKind = 'profile' | 'kv' | 'event';

/** Labels by language (`en`, `zh`); of enum values too, keyed by value. */
export interface Labels {
  readonly [language: string]: string;
}

/** What a tag and an event property have in common. */
export interface FieldDefinition extends ValueSpec {
  /** Never reused, stable for ever; unique over all tags and properties of the catalogue. Stored data refers to it. From 1 up, below 2^32. */
  readonly id: number;
  readonly name: string;
  readonly labels: Labels;
  /** Labels of enum values: value → labels. */
  readonly valueLabels: { readonly [value: string]: Labels };
  readonly description: string;
}

/** A named, typed fact about users. */
export interface TagDefinition extends FieldDefinition {
  readonly typeId: number;
  readonly typeName: string;
  readonly kind: 'profile' | 'kv';
  /** A value of time t has no value when t + ttlMs ≤ as-of; null: never expires. */
  readonly ttlMs: number | null;
  readonly unit: string;
  readonly owner: string;
  readonly group: string;
  /** Raw expressions intersected with every predicate on this tag; not expanded in turn. */
  readonly impliedConditions: readonly JsonValue[];
  /** Quality rules (range, max null rate, max day-over-day change) as declared; checked by imports. */
  readonly quality: JsonValue;
  /** Freshness target as declared (ISO 8601 duration), empty if none. */
  readonly freshness: string;
}

export type PropertyDefinition = FieldDefinition;

/** A kind of message, named by `header.type`. */
export interface TagTypeDefinition {
  /** Never reused; from 1 up, below 2^16. */
  readonly id: number;
  readonly name: string;
  readonly kind: TagKind;
  readonly labels: Labels;
  readonly owner: string;
  readonly description: string;
  readonly autoDeclare: boolean;
  /** Events only: days a row is kept, null: for ever. */
  readonly retentionDays: number | null;
  /** Of profile and kv types, in declared order; empty for events. */
  readonly tags: readonly TagDefinition[];
  /** Of event types, in declared order; empty otherwise. */
  readonly properties: readonly PropertyDefinition[];
  /** 1 at creation, +1 with each change of this type. */
  readonly version: number;
}

/**
 * The whole tag catalogue at one version: immutable; a change makes a new one. Look-ups are by `Map`, so names such as
 * `__proto__` are simply unknown.
 */
export class Catalog {
  readonly #types: ReadonlyMap<string, TagTypeDefinition>;
  readonly #typesById: ReadonlyMap<number, TagTypeDefinition>;
  readonly #tags: ReadonlyMap<string, TagDefinition>;
  readonly #fieldsById: ReadonlyMap<number, FieldDefinition>;

  /**
   * @param version grows by 1 with every change.
   * @param nextFieldId the id the next tag or property gets (ids of deleted ones are not reused).
   * @param nextTypeId the id the next tag type gets.
   * @param retiredTypes removed types: unknown by name, but stored data and messages under way may still refer to their ids.
   */
  constructor(
    readonly version: number,
    readonly nextFieldId: number,
    readonly nextTypeId: number,
    readonly types: readonly TagTypeDefinition[],
    readonly retiredTypes: readonly TagTypeDefinition[] = [],
  ) {
    const everyType = [...types, ...retiredTypes];
    this.#types = new Map(types.map((type) => [type.name, type]));
    this.#typesById = new Map(everyType.map((type) => [type.id, type]));
    this.#tags = new Map(types.flatMap((type) => type.tags.map((tag) => [tag.name, tag] as const)));
    this.#fieldsById = new Map(
      everyType.flatMap((type) => [...type.tags, ...type.properties].map((field) => [field.id, field] as const)),
    );
  }

  static readonly empty = new Catalog(0, 1, 1, []);

  type(name: string): TagTypeDefinition | undefined {
    return this.#types.get(name);
  }

  /** A type by its id, a removed one too. */
  typeById(id: number): TagTypeDefinition | undefined {
    return this.#typesById.get(id);
  }

  tag(name: string): TagDefinition | undefined {
    return this.#tags.get(name);
  }

  /** A tag or property by its id, of a removed type too. */
  fieldById(id: number): FieldDefinition | undefined {
    return this.#fieldsById.get(id);
  }

  get tags(): Iterable<TagDefinition> {
    return this.#tags.values();
  }
}
