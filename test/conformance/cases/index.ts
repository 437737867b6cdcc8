import type { Script } from '../script';
import { COMBINATOR_CASES } from './combinators';
import { DATE_CASES } from './dates';
import { DISTRIBUTION_CASES } from './distributions';
import { INCREMENT_CASES } from './increments';
import { LIFECYCLE_CASES } from './lifecycle';
import { MEASURE_CASES } from './measures';
import { MESSAGE_CASES } from './messages';
import { SEQUENCE_CASES } from './sequences';
import { STRING_CASES } from './strings';
import { TIME_TO_LIVE_CASES } from './time-to-live';
import { VALUE_CASES } from './values';
import { WINDOW_CASES } from './windows';

/** All hand-written cases, by topic. */
export const CASES: readonly { readonly topic: string; readonly scripts: readonly Script[] }[] = [
  { topic: 'values and operators', scripts: VALUE_CASES },
  { topic: 'strings', scripts: STRING_CASES },
  { topic: 'dates', scripts: DATE_CASES },
  { topic: 'messages', scripts: MESSAGE_CASES },
  { topic: 'increments', scripts: INCREMENT_CASES },
  { topic: 'time to live', scripts: TIME_TO_LIVE_CASES },
  { topic: 'windows', scripts: WINDOW_CASES },
  { topic: 'measures', scripts: MEASURE_CASES },
  { topic: 'sequences', scripts: SEQUENCE_CASES },
  { topic: 'combinators, audiences and lists', scripts: COMBINATOR_CASES },
  { topic: 'life of users and rows', scripts: LIFECYCLE_CASES },
  { topic: 'distributions', scripts: DISTRIBUTION_CASES },
];
