import type { SegmentationEngine } from '@tessera/audience';
import { notConfigured } from '../problem/http-problem';

/** Stands where there is no engine: every question is 501. */
export class AbsentEngine implements SegmentationEngine {
  readonly name = 'none';

  counts(): never {
    throw notConfigured('Counting users');
  }

  materialise(): never {
    throw notConfigured('Listing users');
  }

  contains(): never {
    throw notConfigured('Evaluating a rule about more than tags');
  }

  distribution(): never {
    throw notConfigured('A distribution');
  }
}
