import { BIGINT, BITMAP, BOOLEAN, LARGEINT, VARBINARY, VARCHAR } from '../sql/types';
import type { ScalarFunction } from './function-types';
import { bitmap, bytes, integer, text, wide } from './parameters';
import { array, call, scalar } from './scalar';
import { cast } from './typed';

/** Of bitmaps (STARROCKS.md section 2). */
export const BITMAP_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  // Bitmaps: any NULL makes NULL, but for bitmap_count and bitmap_hash.
  to_bitmap: {
    kind: 'scalar',
    section: '2',
    args: [1, 1],
    build: (of) => {
      if (of.type.name === 'VARCHAR') return { sql: `bm_of_text(${of.sql})`, type: BITMAP };
      return { sql: `bm_of_one(${wide(of, 'to_bitmap')})`, type: BITMAP };
    },
  },
  bitmap_hash: scalar('2', [text], BITMAP, (of) => `coalesce(bm_hash(${of}), bm_empty())`),
  bitmap_empty: scalar('2', [], BITMAP, call('bm_empty')),
  bitmap_and: scalar('2', [bitmap, bitmap], BITMAP, call('bm_and')),
  bitmap_or: scalar('2', [bitmap, bitmap], BITMAP, call('bm_or')),
  bitmap_xor: scalar('2', [bitmap, bitmap], BITMAP, call('bm_xor')),
  bitmap_andnot: scalar('2', [bitmap, bitmap], BITMAP, call('bm_andnot')),
  bitmap_remove: scalar('2', [bitmap, wide], BITMAP, call('bm_remove')),
  bitmap_count: scalar('2', [bitmap], BIGINT, (of) => `coalesce(bm_count(${of}), 0)`),
  bitmap_contains: {
    kind: 'scalar',
    section: '2',
    args: [2, 2],
    build: (of, value) => {
      const isWide = value.type.name === 'LARGEINT';
      const number = (isWide ? wide : integer)(value, 'bitmap_contains');
      return {
        sql: `bm_contains${isWide ? '_wide' : ''}(${bitmap(of, 'bitmap_contains')}, ${number})`,
        type: BOOLEAN,
      };
    },
  },
  bitmap_has_any: scalar('2', [bitmap, bitmap], BOOLEAN, call('bm_has_any')),
  bitmap_min: scalar('2', [bitmap], LARGEINT, call('bm_min')),
  bitmap_max: scalar('2', [bitmap], LARGEINT, call('bm_max')),
  bitmap_to_string: scalar('2', [bitmap], VARCHAR, call('bm_to_string')),
  bitmap_to_array: scalar('2', [bitmap], { name: 'ARRAY', of: BIGINT }, call('bm_to_array')),
  bitmap_from_string: scalar('2', [text], BITMAP, call('bm_from_string')),
  array_to_bitmap: {
    kind: 'scalar',
    section: '2',
    args: [1, 1],
    build: (of) => ({ sql: `bm_of(${cast(array(of), { name: 'ARRAY', of: BIGINT }).sql})`, type: BITMAP }),
  },
  bitmap_to_base64: scalar('2', [bitmap], VARCHAR, call('bm_to_base64')),
  base64_to_bitmap: scalar('2', [text], BITMAP, call('bm_from_base64')),
  bitmap_to_binary: scalar('2', [bitmap], VARBINARY, call('bm_to_binary')),
  bitmap_from_binary: scalar('2', [bytes], BITMAP, call('bm_from_binary')),
  sub_bitmap: scalar('2', [bitmap, integer, integer], BITMAP, call('bm_sub')),
  bitmap_subset_in_range: scalar('2', [bitmap, integer, integer], BITMAP, call('bm_range')),
  bitmap_subset_limit: scalar('2', [bitmap, integer, integer], BITMAP, call('bm_limit')),
};
