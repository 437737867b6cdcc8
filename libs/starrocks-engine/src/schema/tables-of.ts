import { STRING_BYTES_MAX } from '@tessera/tag-catalog';
import type { Catalog, FieldDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import { BIGINT, BITMAP, DATETIME, INT, strings, textBytes, typeOfField, varchar } from './column-type';
import type { ColumnType } from './column-type';
import {
  CUID,
  ELEMENTS,
  GUID,
  GUIDS,
  KV_BITMAPS_TABLE,
  LIST_NAMES_TABLE,
  LISTS_TABLE,
  MOMENT,
  NUMBER,
  POSITIONS_TABLE,
  ROW,
  SEGMENT,
  SNAPSHOTS_TABLE,
  TAG,
  tableOf,
  TEXT,
  TIME,
  VERSION,
  timeColumnOf,
  USERS_TABLE,
  VALUES_TABLE,
} from './names';
import { eventRanges, guidRanges } from './partition-range';
import type { EventDays, PartitionRange, PartitionScheme } from './partition-range';
import type { ColumnDefinition, TableDefinition } from './table-definition';

/** `aggregate`: profile tables keep the newest value that is not NULL of each column by themselves. They can't clear a tag: NULL means "as it was". */
export type ProfileModel = 'primary' | 'aggregate';

export interface SchemaOptions {
  /** Copies of each piece of data; no more than there are backends. */
  readonly replication: number;
  /** Buckets of each partition of the tables by guid. */
  readonly buckets: number;
  /** Buckets of the tables of bitmaps. */
  readonly bitmapBuckets: number;
  /** The longest string that is accepted, in bytes of UTF-8. */
  readonly stringBytesMax: number;
  readonly profileModel: ProfileModel;
  /** Where the index of primary keys lies: with the data on the backends' disks, in the object store of a shared-data cluster, or in memory. */
  readonly primaryIndex: 'local' | 'cloud' | 'memory';
  /** Null: tables are not colocated, and joins move rows. */
  readonly colocation: string | null;
  readonly eventDays: EventDays;
  /** How many guids beyond the next one there must be partitions for. */
  readonly guidsAhead: number;
}

/** @param colocation prefix of the names of the colocation groups: that of the database. */
export function schemaDefaults(colocation: string): SchemaOptions {
  return {
    replication: 3,
    buckets: 8,
    bitmapBuckets: 8,
    stringBytesMax: STRING_BYTES_MAX,
    profileModel: 'primary',
    primaryIndex: 'local',
    colocation,
    eventDays: { back: 31, ahead: 3 },
    guidsAhead: 50_000_000,
  };
}

/** What partitions depend on. */
export interface SchemaMoment {
  readonly nowMs: number;
  /** No guid that was given out is as high. */
  readonly nextGuid: number;
}

/** Every table of the engine, in the order in which they are made; stable for the same input. */
export function tablesOf(catalog: Catalog, options: SchemaOptions, moment: SchemaMoment): TableDefinition[] {
  const tables = new Tables(options, moment);
  return [...tables.ofOurOwn(), ...catalog.types.map((type) => tables.ofType(type))];
}

type Shape = Pick<TableDefinition, 'name' | 'comment' | 'model' | 'key' | 'columns'>;

class Tables {
  readonly #bytes: number;
  readonly #text: ColumnType;

  constructor(
    private readonly options: SchemaOptions,
    private readonly moment: SchemaMoment,
  ) {
    this.#bytes = textBytes(options.stringBytesMax);
    this.#text = varchar(this.#bytes);
  }

  ofOurOwn(): TableDefinition[] {
    return [this.#users(), this.#kvBitmaps(), this.#lists(), this.#listNames(), this.#snapshots(), ...this.#notes()];
  }

  ofType(type: TagTypeDefinition): TableDefinition {
    switch (type.kind) {
      case 'profile':
        return this.#profile(type);
      case 'kv':
        return this.#kv(type);
      case 'event':
        return this.#event(type);
    }
  }

  #users(): TableDefinition {
    return this.#byGuid({
      name: USERS_TABLE,
      comment: 'guid to cuid: every known user',
      model: 'PRIMARY',
      key: [GUID],
      columns: [required(GUID, BIGINT), required(CUID, varchar(128))],
    });
  }

  #profile(type: TagTypeDefinition): TableDefinition {
    const isPrimary = this.options.profileModel === 'primary';
    const aggregate = isPrimary ? null : ('REPLACE_IF_NOT_NULL' as const);
    const pairs = type.tags.flatMap((tag) => [
      this.#valueColumn(tag),
      { name: timeColumnOf(tag), type: DATETIME, isNullable: true, aggregate: null },
    ]);
    return this.#byGuid({
      name: tableOf(type),
      comment: `tags of the profile type ${type.name}`,
      model: isPrimary ? 'PRIMARY' : 'AGGREGATE',
      key: [GUID],
      columns: [
        required(GUID, BIGINT),
        ...[optional(VERSION, BIGINT), ...pairs].map((column) => ({ ...column, aggregate })),
      ],
    });
  }

  #kv(type: TagTypeDefinition): TableDefinition {
    return this.#byGuid({
      name: tableOf(type),
      comment: `tags of the kv type ${type.name}`,
      model: 'PRIMARY',
      key: [TAG, GUID],
      columns: [
        required(TAG, INT),
        required(GUID, BIGINT),
        optional(NUMBER, BIGINT),
        optional(TEXT, this.#text),
        optional(MOMENT, DATETIME),
        optional(ELEMENTS, strings(this.#bytes)),
        optional(TIME, DATETIME),
      ],
    });
  }

  #event(type: TagTypeDefinition): TableDefinition {
    const { eventDays } = this.options;
    const ranges = eventRanges(type.retentionDays, eventDays, this.moment.nowMs);
    return this.#colocated(
      {
        name: tableOf(type),
        comment: `rows of the event type ${type.name}`,
        model: 'PRIMARY',
        key: [GUID, TIME, ROW],
        columns: [
          required(GUID, BIGINT),
          required(TIME, DATETIME),
          required(ROW, BIGINT),
          ...type.properties.map((property) => this.#valueColumn(property)),
        ],
      },
      { by: 'day', column: TIME, ranges },
    );
  }

  #kvBitmaps(): TableDefinition {
    return this.#ofBitmaps({
      name: KV_BITMAPS_TABLE,
      comment: 'kv tags loaded offline or rolled up: tag, value and segment to guids',
      model: 'AGGREGATE',
      key: [TAG, 'sys_value', SEGMENT],
      columns: [
        required(TAG, INT),
        required('sys_value', this.#text),
        required(SEGMENT, INT),
        { ...required(GUIDS, BITMAP), aggregate: 'BITMAP_UNION' },
      ],
    });
  }

  #lists(): TableDefinition {
    return this.#ofBitmaps({
      name: LISTS_TABLE,
      comment: 'uploaded lists: list and segment to guids',
      model: 'PRIMARY',
      key: ['sys_list', SEGMENT],
      columns: [required('sys_list', varchar(64)), required(SEGMENT, INT), required(GUIDS, BITMAP)],
    });
  }

  #listNames(): TableDefinition {
    return this.#small('sys_list', {
      name: LIST_NAMES_TABLE,
      comment: 'uploaded lists: names and ages',
      model: 'PRIMARY',
      key: ['sys_list'],
      columns: [required('sys_list', varchar(64)), required('sys_name', this.#text), required('sys_created', DATETIME)],
    });
  }

  #snapshots(): TableDefinition {
    return this.#ofBitmaps({
      name: SNAPSHOTS_TABLE,
      comment: 'materialised audiences: audience, version and segment to guids',
      model: 'PRIMARY',
      key: ['sys_audience', VERSION, SEGMENT],
      columns: [
        required('sys_audience', varchar(64)),
        required(VERSION, BIGINT),
        required(SEGMENT, INT),
        required(GUIDS, BITMAP),
        required('sys_count', BIGINT),
        required('sys_created', DATETIME),
      ],
    });
  }

  #notes(): TableDefinition[] {
    const values = this.#small('sys_list', {
      name: VALUES_TABLE,
      comment: 'values of questions under way that are too many for IN',
      model: 'DUPLICATE',
      key: ['sys_list'],
      columns: [
        required('sys_list', varchar(64)),
        optional(NUMBER, BIGINT),
        optional(TEXT, this.#text),
        required('sys_created', DATETIME),
      ],
    });
    const positions = this.#small('sys_source', {
      name: POSITIONS_TABLE,
      comment: 'how far each source has been written',
      model: 'PRIMARY',
      key: ['sys_source'],
      columns: [
        required('sys_source', varchar(120)),
        { ...required('sys_begun', BIGINT), defaultText: '0' },
        { ...required('sys_next', BIGINT), defaultText: '0' },
        { ...required('sys_writer', varchar(64)), defaultText: '' },
      ],
    });
    return [values, positions];
  }

  #valueColumn(field: FieldDefinition): ColumnDefinition {
    return optional(field.name, typeOfField(field, this.#bytes));
  }

  #byGuid(shape: Shape): TableDefinition {
    const ranges: PartitionRange[] = guidRanges(this.moment.nextGuid, this.options.guidsAhead);
    return this.#colocated(shape, { by: 'guid', column: GUID, ranges });
  }

  #colocated(shape: Shape, partitions: PartitionScheme): TableDefinition {
    const { buckets } = this.options;
    return { ...shape, partitions, hashColumn: GUID, buckets, properties: this.#properties(shape, 'guid') };
  }

  #ofBitmaps(shape: Shape): TableDefinition {
    const { bitmapBuckets } = this.options;
    const properties = this.#properties(shape, 'seg');
    return { ...shape, partitions: null, hashColumn: SEGMENT, buckets: bitmapBuckets, properties };
  }

  #small(hashColumn: string, shape: Shape): TableDefinition {
    return { ...shape, partitions: null, hashColumn, buckets: 1, properties: this.#properties(shape, null) };
  }

  #properties({ model }: Shape, group: 'guid' | 'seg' | null): (readonly [string, string])[] {
    const { replication, primaryIndex, colocation } = this.options;
    const properties: (readonly [string, string])[] = [['replication_num', String(replication)]];
    if (model === 'PRIMARY') {
      properties.push(['enable_persistent_index', String(primaryIndex !== 'memory')]);
      if (primaryIndex === 'cloud') properties.push(['persistent_index_type', 'CLOUD_NATIVE']);
    }
    if (colocation !== null && group !== null) properties.push(['colocate_with', `${colocation}_${group}`]);
    return properties;
  }
}

function required(name: string, type: ColumnType): ColumnDefinition {
  return { name, type, isNullable: false, aggregate: null };
}

function optional(name: string, type: ColumnType): ColumnDefinition {
  return { name, type, isNullable: true, aggregate: null };
}
