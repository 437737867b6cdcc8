import type { FieldDefinition, TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';

// Names of tables and columns. Those of our own begin with `sys_`, which no tag type, tag or property can.

/** guid → cuid: the universe. One row a known user, from the first accepted message or offline bind until the erasure. */
export const USERS_TABLE = 'sys_users';
/** kv tags loaded offline or rolled up: tag, value, segment → guids. */
export const KV_BITMAPS_TABLE = 'sys_kv_bitmaps';
/** Uploaded lists: list, segment → guids. */
export const LISTS_TABLE = 'sys_lists';
/** What is known of an uploaded list beside its users. */
export const LIST_NAMES_TABLE = 'sys_list_names';
/** Materialised audiences: audience, version, segment → guids. */
export const SNAPSHOTS_TABLE = 'sys_snapshots';
/** Values of a question that are too many for an IN list; gone with the question. */
export const VALUES_TABLE = 'sys_values';
/** How far each source has been written: what an answer's data version is made of. */
export const POSITIONS_TABLE = 'sys_positions';

export const GUID = 'sys_guid';
export const CUID = 'sys_cuid';
/** Time of an event's row, or of a kv tag's last plain write. */
export const TIME = 'sys_t';
/** Tells rows of one user and time apart; grows in the order of arrival. */
export const ROW = 'sys_row';
/** Of a profile's row the offset in `tags.<type>` of the last message that wrote it; of a snapshot its number within the audience. */
export const VERSION = 'sys_version';
export const TAG = 'sys_tag';
/** guid DIV 2^22. */
export const SEGMENT = 'sys_seg';
export const GUIDS = 'sys_guids';
/** Of kv tags: bool (0, 1), int, decimal × 10^scale. */
export const NUMBER = 'sys_number';
/** Of kv tags: string and enum. */
export const TEXT = 'sys_text';
/** Of kv tags: date (at midnight) and datetime. */
export const MOMENT = 'sys_moment';
/** Of kv tags: set. */
export const ELEMENTS = 'sys_elements';

/** guids of one segment: a full one is 699,748 characters of base64, below the longest VARCHAR (STARROCKS.md section 12). */
export const SEGMENT_GUIDS = 4_194_304;
/** guids of one partition of a table by guid. */
export const PARTITION_GUIDS = 50_000_000;

/** The table of a tag type. With the id, which is never given out twice: a type declared again under an old name starts empty. */
export function tableOf(type: Pick<TagTypeDefinition, 'kind' | 'id' | 'name'>): string {
  return `${type.kind}_${type.id}_${type.name}`;
}

/** Whether it is that of a type of profile tags. */
export function isProfileTable(table: string): boolean {
  return table.startsWith('profile_');
}

/** The table of the tag's type. */
export function tableOfTag(tag: Pick<TagDefinition, 'kind' | 'typeId' | 'typeName'>): string {
  return tableOf({ kind: tag.kind, id: tag.typeId, name: tag.typeName });
}

/** In a profile table, the column of the time of a tag's last plain write; NULL beside a value: only increments made it. */
export function timeColumnOf(tag: Pick<FieldDefinition, 'name'>): string {
  return `${TIME}_${tag.name}`;
}

/**
 * The column of a kv table that holds values of the tag's type.
 */
export function kvColumnOf(tag: Pick<TagDefinition, 'valueType'>): string {
  switch (tag.valueType) {
    case 'bool':
    case 'int':
    case 'decimal':
      return NUMBER;
    case 'string':
    case 'enum':
      return TEXT;
    case 'date':
    case 'datetime':
      return MOMENT;
    case 'set':
      return ELEMENTS;
  }
}

/** Names checked before: statements have the same ones over and over. */
const quoted = new Map<string, string>();
const QUOTED_MAX = 10_000;
const NAME = /^[a-z][a-z0-9_]{0,99}$/;

/** Back-quoted. Names come from the catalogue and this file alone. @throws Error for what can't be one of them. */
export function identifier(name: string): string {
  const known = quoted.get(name);
  if (known !== undefined) return known;
  if (!NAME.test(name)) throw new Error(`not a name of a table or column: ${JSON.stringify(name.slice(0, 120))}`);
  if (quoted.size >= QUOTED_MAX) quoted.clear();
  quoted.set(name, `\`${name}\``);
  return `\`${name}\``;
}
