import { formatInstant } from '@tessera/tag-catalog';
import type { JsonValue, ValueType } from '@tessera/tag-catalog';
import { instant } from '../world';
import type { RandomSource } from './random-source';

export const DAY_MS = 86_400_000;
export const INT_MAX = 9_007_199_254_740_991;

/** A field of the random catalogue and the values that messages and rules draw from, so that they meet. */
export interface FieldShape {
  readonly name: string;
  readonly valueType: ValueType;
  readonly scale: number;
  readonly ttlMs: number | null;
  readonly pool: readonly JsonValue[];
}

export interface TypeShape {
  readonly name: string;
  readonly kind: 'profile' | 'kv' | 'event';
  readonly fields: readonly FieldShape[];
  readonly retentionDays: number | null;
}

/** What one random world is made of; grows while its steps are generated. */
export interface WorldShape {
  readonly random: RandomSource;
  readonly types: readonly TypeShape[];
  readonly cuids: readonly string[];
  /** Instants around which everything happens, and those of every message sent so far. */
  readonly timesMs: number[];
  nowMs: number;
  readonly lists: string[];
  readonly audiences: string[];
}

/** Interesting instants: changes of clocks, of years, leap days; the world happens around one of them. */
const ANCHORS = [
  '2026-03-15T12:00:00Z',
  '2026-03-29T00:30:00Z',
  '2025-11-02T05:00:00Z',
  '2025-04-05T14:45:00Z',
  '2011-12-30T10:00:00Z',
  '2025-12-31T23:59:59.999Z',
  '2024-02-29T12:00:00Z',
  '2018-11-04T03:00:00Z',
  '1971-12-31T23:00:00Z',
];

export const ZONES = [
  'UTC',
  'Europe/London',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Asia/Kolkata',
  'America/Sao_Paulo',
  'America/Havana',
  'Pacific/Kiritimati',
  'Africa/Monrovia',
];

const TEXTS = [
  '',
  'a',
  'A',
  'ab',
  'b',
  'ba',
  '9',
  '10',
  '\u00e9',
  'e\u0301',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{1f600}',
  'a\nb',
  'zebra',
];
const ELEMENTS = ['', 'x', 'y', 'z', 'x,y', '\u{1f600}'];
const ENUM_VALUES = ['gold', 'silver', 'bronze', '', 'éclair'];
const VALUE_TYPES: readonly ValueType[] = ['bool', 'int', 'decimal', 'string', 'enum', 'date', 'datetime', 'set'];
const TTLS_MS = [500, 3_600_000, DAY_MS, 7 * DAY_MS, 30 * DAY_MS];

export function makeShape(random: RandomSource, users: number): WorldShape {
  const anchorMs = instant(random.pick(ANCHORS));
  let fields = 0;
  const nameOf = (valueType: string): string => `${valueType}_${(fields += 1)}`;
  const field = (valueType: ValueType, withTtl: boolean): FieldShape => {
    const scale = valueType === 'decimal' ? random.pick([0, 1, 2, 4, 9]) : 0;
    const ttlMs = withTtl && random.chance(0.3) ? random.pick(TTLS_MS) : null;
    return { name: nameOf(valueType), valueType, scale, ttlMs, pool: poolOf(random, valueType, scale, anchorMs) };
  };
  const fieldsOf = (count: number, withTtl: boolean): FieldShape[] =>
    Array.from({ length: count }, () => field(random.pick(VALUE_TYPES), withTtl));
  const all = VALUE_TYPES.map((valueType) => field(valueType, true));
  return {
    random,
    types: [
      { name: 'person', kind: 'profile', fields: all, retentionDays: null },
      { name: 'extra', kind: 'profile', fields: fieldsOf(random.between(1, 4), true), retentionDays: null },
      { name: 'loose', kind: 'kv', fields: fieldsOf(random.between(1, 4), true), retentionDays: null },
      {
        name: 'buy',
        kind: 'event',
        fields: VALUE_TYPES.map((valueType) => field(valueType, false)),
        retentionDays: null,
      },
      {
        name: 'visit',
        kind: 'event',
        fields: fieldsOf(random.between(0, 3), false),
        retentionDays: random.chance(0.4) ? random.pick([1, 2, 30]) : null,
      },
    ],
    cuids: Array.from({ length: users }, (_, index) => (index % 9 === 0 ? `ü-${index}` : `u${index}`)),
    timesMs: [anchorMs],
    nowMs: anchorMs,
    lists: [],
    audiences: [],
  };
}

/** The declaration of a type as the API takes it. */
export function declarationOf(type: TypeShape, implied: (field: FieldShape) => readonly JsonValue[]): JsonValue {
  const fields = type.fields.map((field) => {
    const conditions = implied(field);
    return {
      name: field.name,
      valueType: field.valueType,
      ...(field.valueType === 'enum' ? { values: ENUM_VALUES } : {}),
      ...(field.valueType === 'decimal' ? { scale: field.scale } : {}),
      ...(field.ttlMs === null ? {} : { ttl: `PT${field.ttlMs / 1_000}S` }),
      ...(conditions.length === 0 ? {} : { impliedConditions: conditions }),
    };
  });
  return {
    name: type.name,
    kind: type.kind,
    ...(type.kind === 'event' ? { properties: fields } : { tags: fields }),
    ...(type.retentionDays === null ? {} : { retentionDays: type.retentionDays }),
  };
}

/** A decimal from its ordinal: the nearest double, which is what its shortest text gives back. */
export function decimal(ordinal: number, scale: number): number {
  return Number(`${ordinal}e-${scale}`);
}

function poolOf(random: RandomSource, valueType: ValueType, scale: number, anchorMs: number): readonly JsonValue[] {
  switch (valueType) {
    case 'bool':
      return [true, false];
    case 'int':
      return random.pick([
        [0, -0, 1, 2, 3, -1, -2, 7],
        [0, 1, -1, INT_MAX, -INT_MAX, INT_MAX - 1, 2 ** 31, 2 ** 32],
        [10, 20, 30, 40, 50, 1_000_000],
      ]);
    case 'decimal': {
      const ordinals = random.pick([
        [0, -0, 1, -1, 5, 10, 33, 333],
        [0, 999_999_999_999_999, -999_999_999_999_999, 999_999_999_999_998, 1],
        [100, 150, 200, -250, 12_345],
      ]);
      return ordinals.map((ordinal) => decimal(ordinal, scale));
    }
    case 'string':
      return random.some(TEXTS, random.between(3, TEXTS.length));
    case 'enum':
      return ENUM_VALUES;
    case 'date':
      return [-400, -366, -31, -2, -1, 0, 1, 2, 30, 365]
        .map((days) => formatInstant(anchorMs + days * DAY_MS).slice(0, 10))
        .concat([
          '2024-02-29',
          '2023-02-28',
          '1999-12-31',
          ...(random.chance(0.2) ? ['1000-01-01', '9999-12-31'] : []),
        ]);
    case 'datetime':
      return [-366 * DAY_MS, -DAY_MS, -DAY_MS + 1, -3_600_000, -1, 0, 1, 1_800_000, DAY_MS]
        .map((ms) => formatInstant(anchorMs + ms))
        .concat(
          random.chance(0.2) ? ['1000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'] : [],
        );
    case 'set':
      return Array.from({ length: 6 }, () => random.some(ELEMENTS, random.between(0, 4)));
  }
}

export const SET_ELEMENTS = ELEMENTS;
