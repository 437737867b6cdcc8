import type { ValueSpec } from '@tessera/tag-catalog';
import type { Measure } from './expression';

const WHOLE_NUMBER: ValueSpec = { valueType: 'int', scale: 0, values: [] };
const INSTANT: ValueSpec = { valueType: 'datetime', scale: 0, values: [] };

/** The type of what a measure yields and is compared with; of sum and avg the property's (their thresholds are exact and unbounded). */
export function measureSpec(measure: Measure): ValueSpec {
  switch (measure.kind) {
    case 'count':
    case 'distinct':
      return WHOLE_NUMBER;
    case 'firstTime':
    case 'lastTime':
      return INSTANT;
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
      return measure.property;
  }
}
